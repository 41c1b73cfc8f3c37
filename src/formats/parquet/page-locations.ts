import type { ByteSource } from '../files.js'
import type { Limits } from '../limits.js'
import type { Extent } from './chunk-bytes.js'
import { isCount } from './pages.js'
import { cursorAt, readInner, readInteger, readList, readStruct, thriftEnd } from './thrift.js'

/** Where a data page lies with its header, and its first row, counted within the row group. */
export type PageLocation = Extent & { firstRow: number }

/** Where an index lies in its file, and the pages that it must be of: so many rows within `chunk`. */
export type IndexPlace = { at: number; bytes: number; rows: number; chunk: Extent }

/** An index of three pages takes more; of fewer it spares nothing. Of so many bytes none is read. */
const [leastBytes, mostBytes] = [24, 16 << 20]

/** Whether an index may spare more than reading it takes. */
export function isWorthReading({ at, bytes }: IndexPlace): boolean {
  return isCount(at) && isCount(bytes) && bytes > leastBytes && bytes <= mostBytes
}

/**
 * Reads a chunk's OffsetIndex; undefined where it lies outside the file, is no index, or its pages do not fill the chunk one
 * behind another with rising rows: whoever reads then goes by the pages' headers. Source: PageLocation in parquet.thrift.
 */
export async function readPageLocations(
  source: Pick<ByteSource, 'read' | 'size'>,
  { at, bytes, rows, chunk }: IndexPlace,
  limits: Limits,
): Promise<PageLocation[] | undefined> {
  if (at + bytes > source.size) return undefined
  const index = new Uint8Array(await source.read(at, at + bytes))
  if (thriftEnd(index, 0, index.length, limits.footerValues) < 0) return undefined
  const found: PageLocation[] = []
  const cursor = cursorAt(index, 0)
  readStruct(cursor, (id, type) => {
    if (id !== 1) return false
    return readList(cursor, type, (itemType) => {
      const fields = [Number.NaN, Number.NaN, Number.NaN]
      const isLocation = readInner(cursor, itemType, (field, fieldType) => {
        const value = field >= 1 && field <= 3 ? readInteger(cursor, fieldType) : undefined
        if (value !== undefined) fields[field - 1] = value
        return value !== undefined
      })
      const [start, size, firstRow] = fields as [number, number, number]
      found.push({ start, end: start + size, firstRow })
      return isLocation
    })
  })
  return isSound(found, rows, chunk) ? found : undefined
}

function isSound(locations: readonly PageLocation[], rows: number, chunk: Extent): boolean {
  const [first, last] = [locations[0], locations.at(-1)]
  // What lies before the first data page is a dictionary.
  if (first === undefined || first.start < chunk.start || first.firstRow !== 0 || last!.end !== chunk.end) return false
  return locations.every(({ start, end, firstRow }, n) => {
    const next = locations[n + 1]
    if (![start, end, firstRow].every(isCount) || end <= start || firstRow >= rows) return false
    return next === undefined || (next.start === end && next.firstRow > firstRow)
  })
}

/** The page that holds a row. */
export function locationOf(locations: readonly PageLocation[], row: number): PageLocation {
  let [low, high] = [0, locations.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (locations[middle]!.firstRow <= row) low = middle
    else high = middle
  }
  return locations[low]!
}
