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
  const columns = inferColumns()
  columns.add(rows)
  return columns.schema()
}

/** Columns and types as they are found out. */
export type InferredColumns = {
  add(rows: readonly Columns[]): void
  count(): number
  schema(): Schema
  /** The columns without any value as yet. */
  nulls(): string[]
}

/**
 * Finds out columns and types, `rowsAtOnce` rows at a time: later ones add columns, and widen those that a type other than json
 * holds all of; else the earlier type stands. An object whose fields keep differing is json as well.
 */
export function inferColumns(rowsAtOnce = Number.POSITIVE_INFINITY): InferredColumns {
  const seen: Record<string, Shape> = Object.create(null)
  let own: Record<string, Shape> = Object.create(null)
  let rowsOfOwn = 0
  const all = () => {
    for (const name in own) seen[name] = widen(seen[name], own[name], asBefore)
    own = Object.create(null)
    rowsOfOwn = 0
    return seen
  }
  return {
    count: () => new Set([...Object.keys(seen), ...Object.keys(own)]).size,
    add(rows) {
      for (const row of rows) {
        for (const name of Object.keys(row)) own[name] = widen(own[name], shapeOf(row[name]), asJson)
        if (++rowsOfOwn === rowsAtOnce) all()
      }
    },
    schema: () => Object.fromEntries(Object.entries(all()).map(([name, shape]) => [name, settle(shape)])),
    nulls: () => Object.keys(all()).filter((name) => seen[name] === undefined),
  }
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
  if (Array.isArray(value)) return { items: value.map(shapeOf).reduce((a, b) => widen(a, b, asJson), undefined) }
  // A struct cannot have a field of this name, as Parquet is read, and JSON can.
  if (Object.hasOwn(value as object, '__proto__')) return 'json'
  const fields = Object.entries(value as object).map(([name, field]) => [name, shapeOf(field)] as const)
  return { fields: Object.fromEntries(fields) }
}

/** What two types become that no other type but json holds. */
type Mix = (before: Shape) => Shape
const asJson: Mix = () => 'json'
const asBefore: Mix = (before) => before

/** Fields that one struct may have; beyond them they are rather keys than names. */
const mostFields = 1000

function widen(a: Shape, b: Shape, mix: Mix): Shape {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  if (typeof a === 'object' && typeof b === 'object') {
    if ('items' in a && 'items' in b) return { items: widen(a.items, b.items, mix) }
    if ('vector' in a && 'vector' in b && a.vector === b.vector) return a
    if ('fields' in a && 'fields' in b) {
      const fields = { ...a.fields }
      for (const [name, shape] of Object.entries(b.fields)) {
        fields[name] = widen(Object.hasOwn(fields, name) ? fields[name] : undefined, shape, mix)
      }
      return Object.keys(fields).length > mostFields ? 'json' : { fields }
    }
  }
  const numbers: Shape[] = ['int64', 'double']
  return numbers.includes(a) && numbers.includes(b) ? 'double' : mix(a)
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
