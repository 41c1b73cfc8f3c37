import { crc32 } from 'node:zlib'
import { append, appendByte, type Growable, growable, taken } from '../../stream/growable.js'
import { type Bounds, boundsOf, joinBounds } from './bounds.js'
import { appendHybrid, bitsFor } from './hybrid.js'
import { type DictionaryChoice, type Settled, settleValues } from './leaf-values.js'
import { appendBits, lengthAt } from './plain.js'
import type { Leaf } from './shred.js'
import { thriftBytes } from './thrift-out.js'

export type ChunkOptions = {
  /** Undefined: pages stay as they are. */
  compress: ((bytes: Uint8Array) => Uint8Array) | undefined
  dictionary: DictionaryChoice
  statistics: boolean
  checksums: boolean
  /** A page ends with the row that reaches this many bytes. */
  pageBytes: number
}

/** One data page: where it lies in the row group's bytes and what it holds. */
export type PageRecord = {
  at: number
  bytes: number
  firstRow: number
  entries: number
  nulls: number
  bounds?: Bounds
}

/** A column chunk in the row group's bytes, `at` its first page. */
export type ChunkRecord = {
  at: number
  bytes: number
  /** The same, were its pages not compressed. */
  plainBytes: number
  encoding: 'PLAIN' | 'RLE_DICTIONARY'
  dictionaryBytes: number
  entries: number
  nulls: number
  bounds: Bounds | undefined
  pages: PageRecord[]
}

/** What is put together before it goes out, one after another, so that memory is taken once. */
export type Scratch = { values: Growable; levels: Growable }

export function scratchSpace(): Scratch {
  return { values: growable(), levels: growable() }
}

/** Appends a leaf's values of `rows` rows to `out` as a column chunk of data pages of version 2, after its dictionary if that pays. */
export function encodeChunk(
  out: Growable,
  leaf: Leaf,
  rows: number,
  scratch: Scratch,
  options: ChunkOptions,
): ChunkRecord {
  const settled = settleValues(leaf.values)
  const { dictionary } = settled
  const record: ChunkRecord = {
    at: out.length,
    bytes: 0,
    plainBytes: 0,
    encoding: dictionary ? 'RLE_DICTIONARY' : 'PLAIN',
    dictionaryBytes: 0,
    entries: leaf.definition.length,
    nulls: 0,
    bounds: undefined,
    pages: [],
  }
  if (dictionary) {
    appendDictionary(out, settled.bytes, dictionary.entries, record, options)
    record.dictionaryBytes = out.length - record.at
  }
  const chunk = { leaf, settled, end: endOf(leaf, settled, rows) }
  for (let first: Position = { entry: 0, defined: 0, row: 0, at: 0 }; first.entry < record.entries; ) {
    const end = pageEnd(chunk, first, options.pageBytes)
    const page = appendPage(out, chunk, { first, end }, scratch, record, options)
    if (options.statistics) page.bounds = pageBounds(chunk, first, end)
    record.nulls += page.nulls
    record.bounds = joinBounds(record.bounds, page.bounds)
    record.pages.push(page)
    first = end
  }
  record.bytes = out.length - record.at
  return record
}

/**
 * A place in a chunk: levels, those of them that stand for values (of a vector each float), rows, and bytes of the values,
 * of which each takes four as a place in a dictionary.
 */
type Position = { entry: number; defined: number; row: number; at: number }

type Chunk = { leaf: Leaf; settled: Settled; end: Position }
type Span = { first: Position; end: Position }

function endOf({ definition, values, vector = 1 }: Leaf, { bytes, dictionary }: Settled, row: number): Position {
  const defined = values.count * vector
  return { entry: definition.length, defined, row, at: dictionary ? 4 * defined : bytes.length }
}

/** Where the page from `first` on ends: after the row that takes it to `most` bytes. */
function pageEnd({ leaf, settled, end }: Chunk, first: Position, most: number): Position {
  if (end.at - first.at < most) return end
  const { maxDefinition, maxRepetition, values } = leaf
  const defined = leaf.definition.bytes
  const repeated = leaf.repetition.bytes
  const width = settled.dictionary ? 4 : values.plain.width
  const position = { ...first }
  do {
    do {
      if (defined[position.entry] === maxDefinition) {
        position.defined++
        position.at += width || 4 + lengthAt(settled.bytes, position.at)
      }
      position.entry++
    } while (maxRepetition > 0 && position.entry < end.entry && repeated[position.entry]! > 0)
    position.row++
  } while (position.entry < end.entry && position.at - first.at < most)
  return position
}

/** A page's values as they are before compression, good until the next page's. */
function pageValues({ leaf, settled }: Chunk, { first, end }: Span, { values }: Scratch): Uint8Array {
  const { bytes, dictionary } = settled
  if (!dictionary && leaf.element.type !== 'BOOLEAN') return bytes.subarray(first.at, end.at)
  values.length = 0
  if (dictionary) {
    const width = bitsFor(dictionary.entries - 1)
    appendByte(values, width)
    appendHybrid(values, dictionary.indexes, first.defined, end.defined, width)
  } else appendBits(values, bytes.subarray(first.at, end.at))
  return taken(values)
}

function appendPage(
  out: Growable,
  chunk: Chunk,
  span: Span,
  scratch: Scratch,
  record: ChunkRecord,
  options: ChunkOptions,
): PageRecord {
  const { first, end } = span
  const { maxDefinition, maxRepetition, definition, repetition } = chunk.leaf
  const { levels } = scratch
  levels.length = 0
  if (maxRepetition > 0) appendHybrid(levels, repetition.bytes, first.entry, end.entry, bitsFor(maxRepetition))
  const repetitionBytes = levels.length
  appendHybrid(levels, definition.bytes, first.entry, end.entry, bitsFor(maxDefinition))
  const entries = end.entry - first.entry
  const nulls = entries - (end.defined - first.defined)
  // Some readers stumble over a compressed nothing.
  const plain = nulls === entries ? new Uint8Array(0) : pageValues(chunk, span, scratch)
  const packed = plain.length > 0 ? options.compress?.(plain) : undefined
  const isPacked = packed !== undefined && packed.length < plain.length
  const at = out.length
  appendWithHeader(out, record, options.checksums, {
    type: 3,
    plainBytes: levels.length + plain.length,
    parts: [taken(levels), isPacked ? packed : plain],
    details: {
      field_8: {
        field_1: entries,
        field_2: nulls,
        field_3: end.row - first.row,
        field_4: encodings[record.encoding],
        field_5: levels.length - repetitionBytes,
        field_6: repetitionBytes,
        field_7: isPacked,
      },
    },
  })
  return { at, bytes: out.length - at, firstRow: first.row, entries, nulls }
}

function appendDictionary(
  out: Growable,
  plain: Uint8Array,
  entries: number,
  record: ChunkRecord,
  { compress, checksums }: ChunkOptions,
): void {
  appendWithHeader(out, record, checksums, {
    type: 2,
    plainBytes: plain.length,
    parts: [compress ? compress(plain) : plain],
    details: { field_7: { field_1: entries, field_2: encodings.PLAIN } },
  })
}

/** Numbers of page types and encodings: parquet.thrift, PageType and Encoding. */
const encodings = { PLAIN: 0, RLE_DICTIONARY: 8 }

type PageParts = { type: 2 | 3; plainBytes: number; parts: Uint8Array[]; details: Record<`field_${number}`, unknown> }

function appendWithHeader(out: Growable, record: ChunkRecord, checksums: boolean, page: PageParts): void {
  const { type, plainBytes, parts, details } = page
  const header = thriftBytes({
    field_1: type,
    field_2: plainBytes,
    field_3: parts.reduce((sum, part) => sum + part.length, 0),
    field_4: checksums ? parts.reduce((crc, part) => crc32(part, crc), 0) | 0 : undefined,
    ...details,
  })
  record.plainBytes += header.length + plainBytes
  append(out, header)
  for (const part of parts) append(out, part)
}

function pageBounds({ leaf, settled }: Chunk, first: Position, end: Position): Bounds | undefined {
  const { element, vector } = leaf
  const { bytes, dictionary } = settled
  // Bounds of floats in vectors say nothing, and those of JSON texts cannot be cut short.
  if (vector !== undefined || element.converted_type === 'JSON' || end.defined === first.defined) return undefined
  if (!dictionary) return boundsOf(bytes.subarray(first.at, end.at), element)
  const used = new Uint8Array(dictionary.entries)
  for (let i = first.defined; i < end.defined; i++) used[dictionary.indexes[i]!] = 1
  return boundsOf(bytes, element, used)
}
