import { UsageError } from '../stream/errors.js'
import { cellReader } from './cell.js'
import { typeName } from './schema.js'
import type { Columns, ColumnType, Schema } from './types.js'

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
  if (typeof type === 'string' || 'vector' in type) {
    const check = typeof type === 'string' ? scalars[type] : (value: unknown) => fitVector(value, type.vector)
    return (value, place) => {
      const fitted = check(value)
      if (fitted === undefined) throw misfit(type, value, place)
      return fitted
    }
  }
  if ('list' in type) {
    const item = fitter(type.list)
    return (value, place) => {
      if (!isList(value)) throw misfit(type, value, place)
      return Array.from(value, (each) => item(each, place))
    }
  }
  const fields = Object.entries(type.struct).map(([name, field]) => [name, cellReader(name), fitter(field)] as const)
  return (value, place) => {
    if (!isStructOf(type.struct, value)) throw misfit(type, value, place)
    return Object.fromEntries(fields.map(([name, read, check]) => [name, check(read(value), place)]))
  }
}

const int64Limit = 2n ** 63n

/** Each gives the written form of a value that is not null, or undefined where it does not fit. */
export const scalars: Record<Extract<ColumnType, string>, (value: unknown) => unknown> = {
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

/** The vector of this length that a value stands for, or undefined where it is none. */
export function fitVector(value: unknown, length: number): Float32Array | undefined {
  if (value instanceof Float32Array) return value.length === length ? value : undefined
  const isVector = Array.isArray(value) && value.length === length && value.every((each) => typeof each === 'number')
  return isVector ? Float32Array.from(value) : undefined
}

/** Whether a value is written as a list; bytes are a value by themselves. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof Uint8Array))
}

/** Whether a value is an object without fields that `struct` lacks. */
export function isStructOf(struct: Schema, value: unknown): value is Columns {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false
  for (const name in value) if (!Object.hasOwn(struct, name) && Object.hasOwn(value, name)) return false
  return true
}

/** The error of a value that its column's type does not hold. */
export function misfit(type: ColumnType, value: unknown, { path, column, row }: Place): UsageError {
  const shown = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value)
  const cut = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown
  const kind = Array.isArray(value) ? 'array' : typeof value
  return new UsageError(
    `Cannot write ${path}: row ${row}, column \`${column}\`: expected ${typeName(type)}, got ${cut} (${kind})`,
    {
      fix:
        'Give the writer a schema in which the column has a type that holds every row. The command line finds it where it reads ' +
        'files and no pipe; elsewhere leave the column out with --columns, or write JSONL.',
    },
  )
}
