import type { Columns, ColumnType, Schema } from './types.js'

/** A type as people write it: `list<struct<role: string, content: string>>`. */
export function typeName(type: ColumnType): string {
  if (typeof type === 'string') return type
  if ('list' in type) return `list<${typeName(type.list)}>`
  if ('vector' in type) return `vector<${type.vector}>`
  return `struct<${Object.entries(type.struct)
    .map(([name, field]) => `${name}: ${typeName(field)}`)
    .join(', ')}>`
}

/**
 * The narrowest schema that holds all of `rows`: integers are int64, other numbers double, a column of mixed types
 * json, one without any value string. Columns stand in the order they first appear.
 */
export function inferSchema(rows: readonly Columns[]): Schema {
  const seen: Record<string, Shape> = Object.create(null)
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) seen[name] = widen(seen[name], shapeOf(value))
  }
  return Object.fromEntries(Object.entries(seen).map(([name, shape]) => [name, settle(shape)]))
}

/** The columns of `rows` that hold no value in any of them. */
export function nullColumns(rows: readonly Columns[]): string[] {
  const left = new Set(rows.flatMap((row) => Object.keys(row)))
  for (const row of rows) {
    if (left.size === 0) break
    for (const name of left) if (row[name] !== null && row[name] !== undefined) left.delete(name)
  }
  return [...left]
}

/** A type while it is being found out; undefined where only nulls were seen. */
type Shape = ColumnType | { items: Shape } | { fields: Record<string, Shape> } | undefined

function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint') return 'int64'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int64' : 'double'
  if (value instanceof Date) return 'timestamp'
  if (value instanceof Float32Array) return { vector: value.length }
  if (value instanceof Uint8Array) return 'binary'
  if (Array.isArray(value)) return { items: value.map(shapeOf).reduce(widen, undefined) }
  const fields = Object.entries(value as object).map(([name, field]) => [name, shapeOf(field)] as const)
  return { fields: Object.fromEntries(fields) }
}

function widen(a: Shape, b: Shape): Shape {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  if (typeof a === 'object' && typeof b === 'object') {
    if ('items' in a && 'items' in b) return { items: widen(a.items, b.items) }
    if ('vector' in a && 'vector' in b && a.vector === b.vector) return a
    if ('fields' in a && 'fields' in b) {
      const fields = { ...a.fields }
      for (const [name, shape] of Object.entries(b.fields)) fields[name] = widen(fields[name], shape)
      return { fields }
    }
  }
  const numbers: Shape[] = ['int64', 'double']
  return numbers.includes(a) && numbers.includes(b) ? 'double' : 'json'
}

function settle(shape: Shape): ColumnType {
  if (shape === undefined) return 'string'
  if (typeof shape === 'string') return shape
  if ('items' in shape) return { list: settle(shape.items) }
  if (!('fields' in shape)) return shape
  const fields = Object.entries(shape.fields).map(([name, field]) => [name, settle(field)] as const)
  // Neither Parquet nor Arrow's readers agree on a struct without fields.
  return fields.length === 0 ? 'json' : { struct: Object.fromEntries(fields) }
}
