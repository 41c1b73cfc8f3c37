import { crc32 } from 'node:zlib'
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { footerChecksum } from './footer.js'
import { parquetHeader } from './library.js'
import { thriftEnd } from './thrift.js'

/** The most a page header grows by: the field's head and a 32-bit number of seven bits a byte. */
const mostGrowth = 6

/**
 * Gives every page of the row group that `writer` holds its CRC. hyparquet-writer has no option for it, but hands each
 * finished row group over in `flush`, with the metadata still to be written: the pages are copied with one more field in
 * their headers, and every offset and size in the metadata is moved along. Answers with the group's new bytes.
 */
export function withPageChecksums(writer: ByteWriter, parquet: ParquetWriter): Uint8Array {
  const bytes = writer.getBytes()
  const group = parquet.row_groups.at(-1)!
  const indexes = parquet.pendingIndexes.slice(-group.columns.length)
  const origin = writer.offset - bytes.length
  let pages = 0
  forEachPage(bytes, origin, group.columns, () => pages++)
  const copy: Copy = { bytes: new Uint8Array(bytes.length + pages * mostGrowth), length: 0 }
  // The first group lies behind the file's magic number.
  const before = Number(chunkStart(group.columns[0]!)) - origin
  append(copy, bytes.subarray(0, before))
  const moved = new Map<number, { at: number; grown: number }>()
  forEachPage(bytes, origin, group.columns, (start, bodyStart, end) => {
    const at = copy.length
    appendPage(copy, bytes.subarray(start, bodyStart), bytes.subarray(bodyStart, end))
    moved.set(start + origin, { at: at + origin, grown: copy.length - at - (end - start) })
  })
  const move = (offset: bigint) => BigInt(moved.get(Number(offset))!.at)
  for (const [index, chunk] of group.columns.entries()) {
    const meta = chunk.meta_data!
    const start = Number(chunkStart(chunk))
    const end = start + Number(meta.total_compressed_size)
    const grown = BigInt([...moved].reduce((sum, [at, page]) => sum + (at >= start && at < end ? page.grown : 0), 0))
    for (const place of indexes[index]!.offsetIndex?.page_locations ?? []) {
      place.compressed_page_size += moved.get(Number(place.offset))!.grown
      place.offset = move(place.offset)
    }
    chunk.file_offset = move(chunkStart(chunk))
    meta.data_page_offset = move(meta.data_page_offset)
    if (meta.dictionary_page_offset !== undefined) meta.dictionary_page_offset = move(meta.dictionary_page_offset)
    meta.total_compressed_size += grown
    meta.total_uncompressed_size += grown
  }
  const grown = copy.length - bytes.length
  group.total_byte_size += BigInt(grown)
  group.total_compressed_size! += BigInt(grown)
  writer.offset += grown
  return copy.bytes.subarray(0, copy.length)
}

/** Writes the checksum of the footer at the end of `bytes` into the place its metadata keeps for it. */
export function setFooterChecksum(bytes: Uint8Array): void {
  const end = bytes.length - 8
  const size = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true)
  const footer = bytes.subarray(end - size, end)
  const { digits, at } = footerChecksum(footer)!
  footer.set(Buffer.from(digits, 'latin1'), at)
}

type Chunks = ParquetWriter['row_groups'][number]['columns']

function chunkStart({ meta_data }: Chunks[number]): bigint {
  return meta_data!.dictionary_page_offset ?? meta_data!.data_page_offset
}

function forEachPage(
  bytes: Uint8Array,
  origin: number,
  chunks: Chunks,
  visit: (start: number, bodyStart: number, end: number) => void,
): void {
  for (const chunk of chunks) {
    let at = Number(chunkStart(chunk)) - origin
    const end = at + Number(chunk.meta_data!.total_compressed_size)
    while (at < end) {
      const bodyStart = thriftEnd(bytes, at, end, 1000)
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, bodyStart - at)
      const pageEnd = bodyStart + parquetHeader({ view, offset: 0 }).compressed_page_size
      visit(at, bodyStart, pageEnd)
      at = pageEnd
    }
  }
}

type Copy = { bytes: Uint8Array; length: number }

function append(copy: Copy, bytes: Uint8Array): void {
  copy.bytes.set(bytes, copy.length)
  copy.length += bytes.length
}

const int32Field = 0x15

/** Fields 1 to 3 are type and sizes; the CRC, field 4, comes before the one that was next and is now a step nearer. */
function appendPage(copy: Copy, header: Uint8Array, body: Uint8Array): void {
  let at = 0
  for (let field = 1; field <= 3; field++) {
    at++
    while (header[at]! >= 128) at++
    at++
  }
  append(copy, header.subarray(0, at))
  copy.bytes[copy.length++] = int32Field
  const signed = crc32(body) | 0
  let zigzag = ((signed << 1) ^ (signed >> 31)) >>> 0
  for (; zigzag >= 128; zigzag >>>= 7) copy.bytes[copy.length++] = (zigzag & 127) | 128
  copy.bytes[copy.length++] = zigzag
  const next = copy.length
  append(copy, header.subarray(at))
  copy.bytes[next]! -= 0x10
  append(copy, body)
}
