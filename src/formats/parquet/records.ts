import type { ColumnType } from '../types.js'
import { narrow } from '../values.js'
import { decodeVariant, type SchemaTree } from './library.js'
import { parsers } from './parsers.js'
import { elementOf, entriesOf, kindOf } from './schema.js'

/** Rows of one leaf that wait to be put together with those of its column's other leaves, from `at` and `valueAt` on. */
export type LeafRows = {
  rows: number
  /** Two levels for each value or null. */
  definition: number[]
  repetition: number[]
  /** Without the nulls. */
  values: unknown[]
  at: number
  valueAt: number
}

export function noLeafRows(): LeafRows {
  return { rows: 0, definition: [], repetition: [], values: [], at: 0, valueAt: 0 }
}

type Read = () => unknown
/** How deep a node lies in optional and repeated ones, and in repeated ones alone. */
type Depth = { definition: number; repetition: number }
type Leaves = (leaf: SchemaTree) => LeafRows

/**
 * Reads a nested column row by row out of its leaves' levels and values: lists as arrays, those that `type` knows for vectors
 * as Float32Arrays, maps as objects, maps without values as the list of their keys, what is absent as null. Throws an Error
 * where the leaves disagree. Source: Melnik et al. 2010 (Dremel), section 4.2; Parquet format, LogicalTypes, Nested Types.
 */
export function recordReader(column: SchemaTree, leaves: Leaves, type?: ColumnType): Read {
  const read = reader(column, { definition: 0, repetition: 0 }, leaves, type)
  const below = leavesBelow(column, leaves)
  return () => {
    const record = read()
    for (const leaf of below) {
      if ((leaf.repetition[leaf.at] ?? 0) !== 0 || leaf.at > leaf.repetition.length) throw disagreement()
      if (--leaf.rows === 0) Object.assign(leaf, noLeafRows())
    }
    return record
  }
}

const disagreement = () => new Error('the levels of its parts tell of different rows')

function leavesBelow(node: SchemaTree, leaves: Leaves): LeafRows[] {
  return node.children.length === 0 ? [leaves(node)] : node.children.flatMap((child) => leavesBelow(child, leaves))
}

function reader(node: SchemaTree, above: Depth, leaves: Leaves, type?: ColumnType): Read {
  const { repetition_type } = node.element
  // A repeated field without a list around it is one of what it holds.
  if (repetition_type === 'REPEATED') return items(node, above, leaves, (depth) => present(node, depth, leaves))
  if (repetition_type !== 'OPTIONAL') return present(node, above, leaves, type)
  const depth = { ...above, definition: above.definition + 1 }
  return unlessAbsent(leavesBelow(node, leaves), depth.definition, present(node, depth, leaves, type), () => null)
}

/** What `read` reads, or where the levels of the leaves below end above `definition`, what stands for it. */
function unlessAbsent(below: readonly LeafRows[], definition: number, read: Read, absent: Read): Read {
  const [first, ...others] = below as [LeafRows, ...LeafRows[]]
  return () => {
    const isPresent = first.definition[first.at]! >= definition
    for (const leaf of others) if (leaf.definition[leaf.at]! >= definition !== isPresent) throw disagreement()
    if (isPresent) return read()
    for (const leaf of below) leaf.at++
    return absent()
  }
}

/** The items of a repeated node as an array, each by the reader that `itemAt` makes for the depth they lie at. */
function items(node: SchemaTree, above: Depth, leaves: Leaves, itemAt: (depth: Depth) => Read): () => unknown[] {
  const depth = { definition: above.definition + 1, repetition: above.repetition + 1 }
  const below = leavesBelow(node, leaves)
  const first = below[0]!
  const read = itemAt(depth)
  const all = () => {
    const list = [read()]
    while (first.repetition[first.at] === depth.repetition) {
      for (const { repetition, definition, at } of below) {
        if (repetition[at] !== depth.repetition || definition[at]! < depth.definition) throw disagreement()
      }
      list.push(read())
    }
    return list
  }
  return unlessAbsent(below, depth.definition, all, () => []) as () => unknown[]
}

/** Reads a node that is known to be there. */
function present(node: SchemaTree, depth: Depth, leaves: Leaves, type?: ColumnType): Read {
  if (node.children.length === 0) return leafReader(leaves(node))
  const known: { list?: ColumnType; vector?: number; struct?: Record<string, ColumnType> } =
    typeof type === 'object' ? type : {}
  const element = elementOf(node)
  if (element !== undefined) {
    const itemAt = (inside: Depth) =>
      element === node.children[0] ? present(element, inside, leaves) : reader(element, inside, leaves, known.list)
    const list = items(node.children[0]!, depth, leaves, itemAt)
    return known.vector === undefined
      ? list
      : () => Float32Array.from(list(), (item) => (item as number | null) ?? Number.NaN)
  }
  const entries = entriesOf(node)
  if (entries !== undefined) return mapReader(entries, depth, leaves)
  const struct = structReader(node, depth, leaves, known.struct ?? {})
  if (kindOf(node.element) !== 'VARIANT') return struct
  return () => plain(decodeVariant(struct(), parsers))
}

function leafReader(leaf: LeafRows): Read {
  return () => {
    leaf.at++
    return leaf.values[leaf.valueAt++]
  }
}

function structReader({ children }: SchemaTree, depth: Depth, leaves: Leaves, types: Record<string, ColumnType>): Read {
  const names = children.map(({ element }) => element.name)
  const reads = children.map((child) => reader(child, depth, leaves, types[child.element.name]))
  return () => {
    const struct: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) struct[names[i]!] = reads[i]!()
    return struct
  }
}

function mapReader(entries: SchemaTree, depth: Depth, leaves: Leaves): Read {
  const [key, value] = entries.children as [SchemaTree, SchemaTree?]
  if (value === undefined) return items(entries, depth, leaves, (inside) => reader(key, inside, leaves))
  const pairs = items(entries, depth, leaves, (inside) => {
    const [readKey, readValue] = [reader(key, inside, leaves), reader(value, inside, leaves)]
    return () => [readKey(), readValue()]
  })
  // Not by assignment, which takes a key `__proto__` for something else.
  return () => Object.fromEntries(pairs() as [string, unknown][])
}

/** A variant as JSON would have it, but for its Dates and bytes. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  const isObject = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isObject ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)])) : narrow(value)
}
