import type { ColumnType } from '../types.js'
import { dayToDate, narrow, toDate, utf8 } from '../values.js'
import { DEFAULT_PARSERS, type SchemaTree } from './library.js'
import { listItem } from './schema.js'

/** How hyparquet is to make values of a footer's statistics and of variants; its own text parser drops a byte order mark. */
export const parsers = {
  ...DEFAULT_PARSERS,
  stringFromBytes: (bytes: Uint8Array) => bytes && utf8(bytes),
  jsonFromBytes: (bytes: Uint8Array) => bytes && JSON.parse(utf8(bytes)),
  timestampFromMilliseconds: (count: bigint | null) => (count == null ? count : toDate(count, 1n)),
  timestampFromMicroseconds: (count: bigint | null) => (count == null ? count : toDate(count, 1000n)),
  timestampFromNanoseconds: (count: bigint | null) => (count == null ? count : toDate(count, 1_000_000n)),
  dateFromDays: (day: number | null) => (day == null ? day : dayToDate(day)),
} as typeof DEFAULT_PARSERS

type Finish = (value: unknown) => unknown

/**
 * The last step of a nested column's values: a list that `type` knows for a vector becomes a Float32Array, and what is
 * absent null. Answers with the array it was given where there is nothing to do.
 */
export function finisher(tree: SchemaTree, type?: ColumnType): (values: ArrayLike<unknown>) => ArrayLike<unknown> {
  const finish = finishOf(tree, type)
  return (values) => (finish === undefined ? values : Array.from(values, finish))
}

function finishOf({ element, children }: SchemaTree, type?: ColumnType): Finish | undefined {
  const kind = element.logical_type?.type ?? element.converted_type
  const known = typeof type === 'object' ? type : undefined
  // A repeated field without a list around it: none of it is an empty list.
  if (element.repetition_type === 'REPEATED') return (value) => nested(value ?? [])
  if (children.length === 0) return undefined
  if (known && 'vector' in known) return (value) => (value == null ? null : Float32Array.from(value as number[]))
  if (kind === 'LIST') {
    const item = listItem(children)
    const each = item && (finishOf(item, known && 'list' in known ? known.list : undefined) ?? absentAsNull)
    return each === undefined ? nested : (value) => (value == null ? null : (value as unknown[]).map(each))
  }
  if (kind === 'MAP' && children[0]?.children.length === 1) return keysOf(children[0])
  if (kind !== undefined) return nested
  const fields = children.map((child) => {
    const { name } = child.element
    const field = known && 'struct' in known ? known.struct[name] : undefined
    return [name, finishOf(child, field) ?? absentAsNull] as const
  })
  return (value) => {
    if (value == null) return null
    const struct = value as Record<string, unknown>
    for (const [name, finish] of fields) struct[name] = finish(struct[name])
    return struct
  }
}

/** A map without values is the list of its keys. */
function keysOf({ element, children }: SchemaTree): Finish {
  const key = children[0]!.element.name
  return (value) => {
    const entries = (value as Record<string, Record<string, unknown>[]> | null | undefined)?.[element.name]
    return entries == null ? null : entries.map((entry) => nested(entry[key]))
  }
}

const absentAsNull: Finish = (value) => value ?? null

/** For shapes without a rule of their own (maps, old lists): the same for whatever is inside. */
function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested)
  const plain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return plain ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, nested(each)])) : narrow(value)
}
