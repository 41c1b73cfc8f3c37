import type { Columns, ColumnType, MixedColumn, Schema } from './types.js'

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
  /** The columns that are json because their rows disagree, each with the first row that does. */
  mixed(): MixedColumn[]
}

/**
 * Finds out columns and types: each row widens those of the rows before it, to json where no other type holds both. An
 * object whose fields keep differing is json as well.
 */
export function inferColumns(): InferredColumns {
  const seen: Record<string, Shape> = Object.create(null)
  const mixed: MixedColumn[] = []
  let rows = 0
  return {
    count: () => Object.keys(seen).length,
    add(batch) {
      for (const row of batch) {
        for (const name of Object.keys(row)) {
          const [before, own] = [seen[name], shapeOf(row[name])]
          const wide = widen(before, own)
          if (wide === 'json' && before !== 'json' && before !== undefined) {
            mixed.push({ column: name, row: rows, was: typeName(settle(before)), is: typeName(settle(own)) })
          }
          seen[name] = wide
        }
        rows++
      }
    },
    schema: () => Object.fromEntries(Object.entries(seen).map(([name, shape]) => [name, settle(shape)])),
    nulls: () => Object.keys(seen).filter((name) => seen[name] === undefined),
    mixed: () => mixed,
  }
}

/** Says of a shard why a column is json, by the id of the first row that has something else. */
export function mixedNote(shard: string, { column, row, was, is }: MixedColumn): string {
  const short = (type: string) => (type.length > 60 ? `${type.slice(0, 60)}…` : type)
  return `Column \`${column}\` is json: ${shard}#${row} has ${short(is)}, and the rows before it ${short(was)}`
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
  // A struct cannot have a field of this name, as Parquet is read, and JSON can.
  if (Object.hasOwn(value as object, '__proto__')) return 'json'
  const fields = Object.entries(value as object).map(([name, field]) => [name, shapeOf(field)] as const)
  return { fields: Object.fromEntries(fields) }
}

/** Fields that one struct may have; beyond them they are rather keys than names. */
const mostFields = 1000

/** The narrowest shape that holds both; json where no other does. */
function widen(a: Shape, b: Shape): Shape {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  if (typeof a === 'object' && typeof b === 'object') {
    if ('items' in a && 'items' in b) return { items: widen(a.items, b.items) }
    if ('vector' in a && 'vector' in b && a.vector === b.vector) return a
    if ('fields' in a && 'fields' in b) {
      const fields = { ...a.fields }
      for (const [name, shape] of Object.entries(b.fields)) {
        fields[name] = widen(Object.hasOwn(fields, name) ? fields[name] : undefined, shape)
      }
      return Object.keys(fields).length > mostFields ? 'json' : { fields }
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
