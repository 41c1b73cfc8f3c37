import type { SchemaElement } from './library.js'
import { unconvertMinMax } from './writer-library.js'

/** The least and the greatest of some values, in the form of the format, cut where they are long. */
export type Bounds = { min: Bound; max: Bound }
type Bound = { value: Sortable; isExact: boolean }
/** Texts are compared by their bytes, which is the order of their code points. */
type Sortable = number | bigint | boolean | Uint8Array

/** The bounds of values of fixed width from `start` to `end`. NaN is out of all order; undefined where nothing else is there. */
export function valueBounds(values: readonly unknown[], start: number, end: number): Bounds | undefined {
  let min: Sortable | undefined
  let max: Sortable | undefined
  for (let i = start; i < end; i++) {
    const value = values[i] as number
    if (Number.isNaN(value)) continue
    if (min === undefined || value < (min as number)) min = value
    if (max === undefined || value > (max as number)) max = value
  }
  if (min === undefined || max === undefined) return undefined
  // Either zero may stand for both, so that the bounds hold in whatever way a reader compares them.
  if (min === 0) min = -0
  if (max === 0) max = 0
  return { min: { value: min, isExact: true }, max: { value: max, isExact: true } }
}

/** The bounds of the texts in a PLAIN page, each behind its length, or of those that `used` marks; there must be one. */
export function textBounds(page: Buffer, element: SchemaElement, used?: Uint8Array): Bounds {
  let [min, minEnd, max, maxEnd] = [-1, 0, 0, 0]
  for (let at = 0, i = 0; at < page.length; i++) {
    const start = at + 4
    const end = start + page.readUInt32LE(at)
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
