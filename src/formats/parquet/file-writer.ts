import { append, type Growable, growable, taken } from '../../stream/growable.js'
import { cellReader } from '../cell.js'
import type { Place } from '../fit.js'
import type { GroupFile } from '../group-output.js'
import type { Schema } from '../types.js'
import { type ChunkOptions, type ChunkRecord, encodeChunk, scratchSpace } from './encode-chunk.js'
import { checksumKey, footerChecksum } from './footer.js'
import type { FileMetaData } from './library.js'
import { columnIndex, offsetIndex } from './page-index.js'
import { parquetElements } from './schema.js'
import { type Held, type Leaf, shredder } from './shred.js'
import { ByteWriter, writeMetadata } from './writer-library.js'

type StoredGroup = FileMetaData['row_groups'][number]
type StoredChunk = StoredGroup['columns'][number]
export type CodecName = NonNullable<StoredChunk['meta_data']>['codec']

export type FileOptions = ChunkOptions & {
  codec: CodecName
  pageIndex: boolean
  metadata: readonly { key: string; value: string }[]
}

const magic = Buffer.from('PAR1')

/** Lays out the file `path` of row groups with `schema`, the footer last. Its metadata keeps some 200 bytes a column chunk. */
export function fileWriter(path: string, schema: Schema, options: FileOptions): GroupFile {
  const held: Held = { dictionary: options.dictionary, bytes: 0 }
  const columns = Object.entries(schema).map(([column, type]) => {
    const place: Place = { path, column, row: 0 }
    return { place, read: cellReader(column), ...shredder(type, place, held) }
  })
  const leaves = columns.flatMap((column) => column.leaves)
  const scratch = scratchSpace()
  const out = growable(1 << 20)
  const groups: StoredGroup[] = []
  const indexes: Indexes[] = []
  let written = 0
  let rows = 0
  append(out, magic)
  const handOver = () => {
    const bytes = taken(out)
    written += bytes.length
    out.length = 0
    return bytes
  }
  return {
    add(row, number) {
      for (const { place, read, add } of columns) {
        place.row = number
        add(read(row))
      }
      rows++
    },
    held: () => held.bytes,
    group() {
      const chunks: StoredChunk[] = []
      const start = out.length
      let plainBytes = 0
      for (const leaf of leaves) {
        const record = encodeChunk(out, leaf, rows, scratch, options)
        const chunk = storedChunk(record, leaf, written, options)
        plainBytes += record.plainBytes
        chunks.push(chunk)
        if (options.pageIndex) indexes.push(indexesOf(chunk, record, leaf, written))
      }
      for (const { clear } of columns) clear()
      held.bytes = 0
      groups.push({
        columns: chunks,
        total_byte_size: BigInt(plainBytes),
        num_rows: BigInt(rows),
        file_offset: BigInt(written + start),
        total_compressed_size: BigInt(out.length - start),
      })
      rows = 0
      return handOver()
    },
    finish() {
      appendIndexes(out, indexes, written)
      append(out, footer(schema, groups, options))
      return handOver()
    },
  }
}

function storedChunk(record: ChunkRecord, leaf: Leaf, origin: number, options: FileOptions): StoredChunk {
  const { encoding, dictionaryBytes, bounds, nulls, pages } = record
  const start = BigInt(origin + record.at)
  const hasDictionary = dictionaryBytes > 0
  return {
    file_offset: start,
    meta_data: {
      type: leaf.element.type!,
      encodings: hasDictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
      path_in_schema: [...leaf.path],
      codec: options.codec,
      num_values: BigInt(record.entries),
      total_uncompressed_size: BigInt(record.plainBytes),
      total_compressed_size: BigInt(record.bytes),
      data_page_offset: start + BigInt(dictionaryBytes),
      ...(hasDictionary && { dictionary_page_offset: start }),
      ...(options.statistics && {
        statistics: {
          null_count: BigInt(nulls),
          ...(bounds && {
            min_value: bounds.min.value,
            max_value: bounds.max.value,
            is_min_value_exact: bounds.min.isExact,
            is_max_value_exact: bounds.max.isExact,
          }),
        },
      }),
      encoding_stats: [
        ...(hasDictionary ? [{ page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 } as const] : []),
        { page_type: 'DATA_PAGE_V2', encoding, count: pages.length },
      ],
    },
  }
}

/** The page index of one chunk, which goes before the footer. */
type Indexes = { chunk: StoredChunk; offsets: Uint8Array; columns: Uint8Array | undefined }

function indexesOf(chunk: StoredChunk, { pages }: ChunkRecord, { element }: Leaf, origin: number): Indexes {
  return { chunk, offsets: offsetIndex(pages, origin), columns: columnIndex(pages, element) }
}

function appendIndexes(out: Growable, indexes: readonly Indexes[], origin: number): void {
  for (const { chunk, columns } of indexes) {
    if (columns === undefined) continue
    chunk.column_index_offset = BigInt(origin + out.length)
    chunk.column_index_length = columns.length
    append(out, columns)
  }
  for (const { chunk, offsets } of indexes) {
    chunk.offset_index_offset = BigInt(origin + out.length)
    chunk.offset_index_length = offsets.length
    append(out, offsets)
  }
}

function footer(schema: Schema, groups: StoredGroup[], options: FileOptions): Uint8Array {
  const bytes = footerBytes(schema, groups, options)
  if (groups.length === 0) {
    // The library takes a list of nothing for one of bytes, which arrow-rs refuses: its header is where one group would tell.
    const one = footerBytes(schema, [{ columns: [], total_byte_size: 0n, num_rows: 0n }], options)
    bytes[bytes.findIndex((byte, at) => byte !== one[at])] = structList
  }
  const { digits, at } = footerChecksum(bytes.subarray(0, -8))!
  bytes.set(Buffer.from(digits), at)
  return bytes
}

/** The header of an empty list of structs in Thrift's compact protocol. */
const structList = 12

function footerBytes(schema: Schema, groups: StoredGroup[], { metadata }: FileOptions): Uint8Array {
  const writer = new ByteWriter(1 << 16)
  const rows = groups.reduce((sum, group) => sum + group.num_rows, 0n)
  writeMetadata(writer, {
    version: 2,
    schema: parquetElements(schema),
    num_rows: rows,
    row_groups: groups,
    key_value_metadata: [...metadata, { key: checksumKey, value: '00000000' }],
    // A name without a version, so that the same rows give the same bytes from one release to the next.
    created_by: 'sluice',
    metadata_length: 0,
  })
  writer.appendBytes(magic)
  return writer.getBytes()
}
