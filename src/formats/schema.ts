import { type Disagreement, mixedColumns } from './mixed-columns.js'
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
  /** What is json because rows disagree, columns and what is within them, each with the first row that does. */
  mixed(): MixedColumn[]
}

/**
 * Finds out columns and types: each row widens those of the rows before it, to json where no other type holds both. An
 * object whose fields keep differing is json as well.
 */
export function inferColumns(): InferredColumns {
  const seen: Record<string, Shape> = Object.create(null)
  const mixed = mixedColumns()
  let rows = 0
  return {
    count: () => Object.keys(seen).length,
    add(batch) {
      const found: Disagreement[] = []
      for (const row of batch) {
        for (const column of Object.keys(row)) {
          seen[column] = widen(seen[column], shapeOf(row[column], found), found)
          if (found.length > 0) mixed.note(column, rows, found.splice(0))
        }
        rows++
      }
    },
    schema: () => Object.fromEntries(Object.entries(seen).map(([name, shape]) => [name, settle(shape)])),
    nulls: () => Object.keys(seen).filter((name) => seen[name] === undefined),
    mixed: mixed.all,
  }
}

/** Adds in front of where disagreements are, from `from` on, what they are within. */
function place(disagreements: readonly Disagreement[], from: number, within: string): void {
  for (let n = from; n < disagreements.length; n++) disagreements[n]!.within = `${within}${disagreements[n]!.within}`
}

/** A type while it is being found out; undefined where only nulls were seen. */
type Shape = ColumnType | { items: Shape } | { fields: Record<string, Shape> } | undefined

function shapeOf(value: unknown, found: Disagreement[]): Shape {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint') return 'int64'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int64' : 'double'
  if (value instanceof Date) return 'timestamp'
  if (value instanceof Float32Array) return { vector: value.length }
  if (value instanceof Uint8Array) return 'binary'
  const from = found.length
  if (Array.isArray(value)) {
    const items = value.reduce((shape: Shape, item) => widen(shape, shapeOf(item, found), found), undefined)
    if (found.length > from) place(found, from, '[]')
    return { items }
  }
  // A struct cannot have a field of this name, as Parquet is read, and JSON can.
  if (Object.hasOwn(value as object, '__proto__')) return 'json'
  const fields: Record<string, Shape> = {}
  for (const [name, field] of Object.entries(value as object)) {
    const before = found.length
    fields[name] = shapeOf(field, found)
    if (found.length > before) place(found, before, `.${name}`)
  }
  return { fields }
}

/** Fields that one struct may have; beyond them they are rather keys than names. */
const mostFields = 1000

/** The narrowest shape that holds both; json where no other does, which is added to `found`. */
function widen(a: Shape, b: Shape, found: Disagreement[]): Shape {
  if (a === undefined || a === b) return b
  if (b === undefined || a === 'json') return a
  const from = found.length
  if (typeof a === 'object' && typeof b === 'object') {
    if ('items' in a && 'items' in b) {
      const items = widen(a.items, b.items, found)
      if (found.length > from) place(found, from, '[]')
      return { items }
    }
    if ('vector' in a && 'vector' in b && a.vector === b.vector) return a
    if ('fields' in a && 'fields' in b) return widenFields(a.fields, b.fields, found)
  }
  const numbers: Shape[] = ['int64', 'double']
  if (numbers.includes(a) && numbers.includes(b)) return 'double'
  found.push({ within: '', was: typeName(settle(a)), is: typeName(settle(b)) })
  return 'json'
}

function widenFields(
  a: Readonly<Record<string, Shape>>,
  b: Readonly<Record<string, Shape>>,
  found: Disagreement[],
): Shape {
  const from = found.length
  const fields = { ...a }
  for (const [name, shape] of Object.entries(b)) {
    const before = found.length
    fields[name] = widen(Object.hasOwn(fields, name) ? fields[name] : undefined, shape, found)
    if (found.length > before) place(found, before, `.${name}`)
  }
  if (Object.keys(fields).length <= mostFields) return { fields }
  found.splice(from, found.length, { within: '', was: `${Object.keys(a).length} fields`, is: 'still others' })
  return 'json'
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
