import type { SchemaElement } from './library.js'
import { lengthAt } from './plain.js'
import { unconvertMinMax } from './writer-library.js'

/** The least and the greatest of some values, in the form of the format, cut where they are long. */
export type Bounds = { min: Bound; max: Bound }
type Bound = { value: Sortable; isExact: boolean }
/** Texts are compared by their bytes, which is the order of their code points. */
type Sortable = number | bigint | boolean | Uint8Array

/** The bounds of values in PLAIN, at least one, or of those that `used` marks; undefined where all are NaN, which is out of all order. */
export function boundsOf(page: Buffer, element: SchemaElement, used?: Uint8Array): Bounds | undefined {
  if (element.type === 'BYTE_ARRAY') return textBounds(page, element, used)
  const { width, read } = readers[element.type as keyof typeof readers]
  let min: Sortable | undefined
  let max: Sortable | undefined
  for (let at = 0, i = 0; at < page.length; at += width, i++) {
    if (used?.[i] === 0) continue
    const value = read(page, at)
    if (Number.isNaN(value)) continue
    if (min === undefined || value < min) min = value
    if (max === undefined || value > max) max = value
  }
  if (min === undefined || max === undefined) return undefined
  // Either zero may stand for both, so that the bounds hold in whatever way a reader compares them.
  if (min === 0) min = -0
  if (max === 0) max = 0
  return { min: { value: min, isExact: true }, max: { value: max, isExact: true } }
}

type Reader = { width: number; read(page: Buffer, at: number): number | bigint | boolean }

const readers: Record<'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE', Reader> = {
  BOOLEAN: { width: 1, read: (page, at) => page[at] === 1 },
  INT32: { width: 4, read: (page, at) => page.readInt32LE(at) },
  INT64: { width: 8, read: readInt64 },
  FLOAT: { width: 4, read: (page, at) => page.readFloatLE(at) },
  DOUBLE: { width: 8, read: (page, at) => page.readDoubleLE(at) },
}

/** As a number where that is exact, which costs a tenth of a BigInt. */
function readInt64(page: Buffer, at: number): number | bigint {
  const value = page.readInt32LE(at + 4) * 2 ** 32 + page.readUInt32LE(at)
  return Number.isSafeInteger(value) ? value : page.readBigInt64LE(at)
}

/** The bounds of texts, each behind its length. */
function textBounds(page: Buffer, element: SchemaElement, used?: Uint8Array): Bounds {
  let [min, minEnd, max, maxEnd] = [-1, 0, 0, 0]
  for (let at = 0, i = 0; at < page.length; i++) {
    const start = at + 4
    const end = start + lengthAt(page, at)
    at = end
    if (used?.[i] === 0) continue
    // Compared as bytes, where they lie.
    if (min === -1) [min, minEnd, max, maxEnd] = [start, end, start, end]
    else if (compareRanges(page, start, end, min, minEnd) < 0) [min, minEnd] = [start, end]
    else if (compareRanges(page, start, end, max, maxEnd) > 0) [max, maxEnd] = [start, end]
  }
  return {
    min: cutBound(page.subarray(min, minEnd), element, false),
    max: cutBound(page.subarray(max, maxEnd), element, true),
  }
}

function cutBound(bytes: Uint8Array, element: SchemaElement, isMax: boolean): Bound {
  const cut = unconvertMinMax(bytes, element, isMax) as Uint8Array
  // A copy: the bytes lie in a page that the next one is written over.
  return { value: new Uint8Array(cut), isExact: cut === bytes }
}

function compareRanges(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): number {
  const shared = Math.min(aEnd - a, bEnd - b)
  for (let i = 0; i < shared; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!
    if (difference !== 0) return difference
  }
  return aEnd - a - (bEnd - b)
}

/** Bounds that hold for both. */
export function joinBounds(a: Bounds | undefined, b: Bounds | undefined): Bounds | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return {
    min: compareBounds(b.min, a.min) < 0 ? b.min : a.min,
    max: compareBounds(b.max, a.max) > 0 ? b.max : a.max,
  }
}

export function compareBounds({ value: a }: Bound, { value: b }: Bound): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

/** A bound as the page index holds it. */
export function storedBound({ value }: Bound, element: SchemaElement, isMax: boolean): Uint8Array {
  return unconvertMinMax(value, element, isMax)!
}
