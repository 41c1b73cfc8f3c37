import { crc32 } from 'node:zlib'
import { type Limits, withinLimit } from '../limits.js'
import type { ChunkBytes, Extent } from './chunk-bytes.js'
import { parquetHeader } from './library.js'
import { thriftEnd } from './thrift.js'

/** A page's header, checked, where the page begins in the file, and its bytes with the header. */
export type PageHead = ReturnType<typeof parquetHeader> & { at: number; bytes: number }

/** Walks a column chunk page by page, fetching a window of bytes at a time. What `body` gives is good until the next header. */
export type PageWalk = {
  /** Where the next page begins. */
  readonly at: number
  /** The next page's header, or undefined at the end of the chunk. `ahead` is how many bytes are worth fetching. */
  head(ahead: number): Promise<PageHead | undefined>
  /** The page whose header was read last: its bytes as they lie in the file, checked against its CRC. */
  body(ahead: number): Promise<Uint8Array>
  /** Passes over that page without fetching it. */
  skip(): void
  /** Goes on at a byte of the chunk where a page is said to begin. */
  jump(to: number): void
}

const firstHeader = 512

/** A walk over the pages of a chunk. Its errors name no place: whoever walks knows it. */
export function walkPages(source: ChunkBytes, { start, end }: Extent, limits: Limits): PageWalk {
  let window: Uint8Array = new Uint8Array(0)
  let windowStart = start
  let [at, bodyAt] = [start, start]
  let last: PageHead | undefined

  /** At least `least` bytes from `from` on, or all up to the end of the chunk. */
  async function fetch(from: number, least: number, ahead: number): Promise<Uint8Array> {
    const wanted = Math.min(end, from + least)
    if (from < windowStart || wanted > windowStart + window.length) {
      window = await source.read(from, Math.min(end, from + Math.max(least, ahead)))
      windowStart = from
    }
    return window.subarray(from - windowStart)
  }

  async function header(ahead: number): Promise<PageHead> {
    for (let least = firstHeader; ; least *= 4) {
      const bytes = await fetch(at, least, ahead)
      const length = thriftEnd(bytes, 0, bytes.length, 10_000)
      if (length >= 0) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, length)
        bodyAt = at + length
        const head = parquetHeader({ view, offset: 0 })
        return { ...head, at, bytes: length + head.compressed_page_size }
      }
      if (at + bytes.length >= end) throw new Error('its page header ends beyond the column chunk')
      withinLimit('its page header', bytes.length, limits, 'pageHeaderBytes')
    }
  }

  return {
    get at() {
      return at
    },
    async head(ahead) {
      if (at >= end) return undefined
      last = await header(ahead)
      const { compressed_page_size: stored, uncompressed_page_size: plain } = last
      if (!isCount(stored) || !isCount(plain)) throw new Error('its page header gives no sizes')
      if (bodyAt + stored > end) throw new Error(`its page of ${stored} bytes ends beyond the column chunk`)
      withinLimit('its page', Math.max(stored, plain), limits, 'pageBytes')
      if (plain > 1 << 20) withinLimit('bytes out of each byte in', Math.floor(plain / (stored + 1)), limits, 'ratio')
      return last
    },
    async body(ahead) {
      const { compressed_page_size: stored, crc } = last!
      const bytes = (await fetch(bodyAt, stored, ahead)).subarray(0, stored)
      if (crc !== undefined && crc32(bytes) !== crc >>> 0) throw new Error('its page does not match its checksum')
      at = bodyAt + stored
      return bytes
    },
    skip() {
      at = bodyAt + last!.compressed_page_size
    },
    jump(to) {
      at = to
    },
  }
}

/** Whether a number out of a header can be a count or size. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
