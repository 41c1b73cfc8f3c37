import { UsageError } from '../stream/errors.js'
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

/** Where a value stands, for the error should it not fit. */
export type Place = { path: string; column: string; row: number }

/**
 * Makes the function that checks a value against `type` and gives it the one form writers take: null, string,
 * Uint8Array, boolean, number (a timestamp's are milliseconds), bigint for an int64 beyond 2^53, Float32Array, array, or
 * an object with all of the struct's fields. It throws a UsageError naming the place.
 */
export function fitter(type: ColumnType): (value: unknown, place: Place) => unknown {
  const check = fitValue(type)
  return (value, place) => (value === null || value === undefined ? null : check(value, place))
}

function fitValue(type: ColumnType): (value: unknown, place: Place) => unknown {
  if (typeof type === 'string') {
    const scalar = scalars[type]
    return (value, place) => {
      const fitted = scalar(value)
      if (fitted === undefined) throw misfit(type, value, place)
      return fitted
    }
  }
  if ('vector' in type) {
    return (value, place) => {
      const right = (value instanceof Float32Array || isNumbers(value)) && value.length === type.vector
      if (!right) throw misfit(type, value, place)
      return value instanceof Float32Array ? value : Float32Array.from(value as number[])
    }
  }
  if ('list' in type) {
    const item = fitter(type.list)
    return (value, place) => {
      if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof Uint8Array))) {
        throw misfit(type, value, place)
      }
      return Array.from(value as ArrayLike<unknown>, (each) => item(each, place))
    }
  }
  const fields = Object.entries(type.struct).map(([name, field]) => [name, fitter(field)] as const)
  const names = new Set(Object.keys(type.struct))
  return (value, place) => {
    const isStruct = typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value)
    const extra = isStruct ? Object.keys(value as object).find((name) => !names.has(name)) : undefined
    if (!isStruct || extra !== undefined) throw misfit(type, value, place)
    const given = value as Columns
    return Object.fromEntries(fields.map(([name, check]) => [name, check(given[name], place)]))
  }
}

const int64Limit = 2n ** 63n

/** Each gives the written form of a value, or undefined where it does not fit. */
const scalars: Record<Extract<ColumnType, string>, (value: unknown) => unknown> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  binary: (value) => (value instanceof Uint8Array ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  int32: (value) => (typeof value === 'number' && (value | 0) === value ? value : undefined),
  int64: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
    return typeof value === 'bigint' && value >= -int64Limit && value < int64Limit ? value : undefined
  },
  float: (value) => (typeof value === 'number' ? value : undefined),
  double: (value) => {
    if (typeof value === 'number') return value
    // A column widened from int64 brings these; one that a double cannot hold exactly must not change unseen.
    return typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : undefined
  },
  timestamp: (value) => {
    const isDate = value instanceof Date && !Number.isNaN(value.getTime())
    return isDate ? value.getTime() : undefined
  },
  json: (value) => {
    try {
      return JSON.stringify(value)
    } catch {
      return undefined
    }
  },
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number')
}

function misfit(type: ColumnType, value: unknown, { path, column, row }: Place): UsageError {
  const shown = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value)
  const cut = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown
  const kind = Array.isArray(value) ? 'array' : typeof value
  return new UsageError(
    `Cannot write ${path}: row ${row}, column \`${column}\`: expected ${typeName(type)}, got ${cut} (${kind})`,
    { fix: 'Give the writer a schema in which the column has a type that holds every row.' },
  )
}
