import { compareBounds, storedBound } from './bounds.js'
import type { PageRecord } from './encode-chunk.js'
import type { SchemaElement } from './library.js'
import { thriftBytes } from './thrift-out.js'

/** A chunk's OffsetIndex: where each page lies and its first row. `origin` is the file's byte at which their places begin. */
export function offsetIndex(pages: readonly PageRecord[], origin: number): Uint8Array {
  const locations = pages.map(({ at, bytes, firstRow }) => ({
    field_1: BigInt(origin + at),
    field_2: bytes,
    field_3: BigInt(firstRow),
  }))
  return Uint8Array.from(thriftBytes({ field_1: locations }))
}

/** A chunk's ColumnIndex: bounds and nulls of each page; undefined where a page has values and no bounds. */
export function columnIndex(pages: readonly PageRecord[], element: SchemaElement): Uint8Array | undefined {
  const isNull = pages.map(({ entries, nulls }) => entries === nulls)
  if (pages.some(({ bounds }, page) => bounds === undefined && !isNull[page])) return undefined
  const none = new Uint8Array(0)
  return Uint8Array.from(
    thriftBytes({
      field_1: isNull,
      field_2: pages.map(({ bounds }) => (bounds ? storedBound(bounds.min, element, false) : none)),
      field_3: pages.map(({ bounds }) => (bounds ? storedBound(bounds.max, element, true) : none)),
      field_4: boundaryOrder(pages),
      field_5: pages.map(({ nulls }) => BigInt(nulls)),
    }),
  )
}

/** Numbers of BoundaryOrder in parquet.thrift: whether the pages' bounds both rise, both fall, or neither. */
function boundaryOrder(pages: readonly PageRecord[]): 0 | 1 | 2 {
  const known = pages.flatMap(({ bounds }) => bounds ?? [])
  let [rises, falls] = [true, true]
  for (let i = 1; i < known.length; i++) {
    for (const order of [
      compareBounds(known[i - 1]!.min, known[i]!.min),
      compareBounds(known[i - 1]!.max, known[i]!.max),
    ]) {
      if (order > 0) rises = false
      if (order < 0) falls = false
    }
  }
  return rises ? 1 : falls ? 2 : 0
}
