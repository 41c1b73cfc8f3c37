import { crc32 } from 'node:zlib'
import { type Bounds, joinBounds, textBounds, valueBounds } from './bounds.js'
import { buildDictionary, type Dictionary } from './dictionary.js'
import { append, appendByte, type Growable, growable, taken } from './growable.js'
import { appendHybrid, bitsFor } from './hybrid.js'
import { plainEncoding } from './plain.js'
import type { Leaf } from './shred.js'
import { thriftBytes } from './thrift-out.js'

export type ChunkOptions = {
  /** Undefined: pages stay as they are. */
  compress: ((bytes: Uint8Array) => Uint8Array) | undefined
  dictionary: 'auto' | 'on' | 'off'
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

/** Pages are put together here, one after another, so that memory is taken once. */
export type Scratch = { values: Growable; levels: Growable }

export function scratchSpace(): Scratch {
  return { values: growable(1 << 20), levels: growable() }
}

/** Appends a leaf's values to `out` as a column chunk of data pages of version 2, after its dictionary if that pays. */
export function encodeChunk(out: Growable, leaf: Leaf, scratch: Scratch, options: ChunkOptions): ChunkRecord {
  const dictionary = dictionaryOf(leaf, options)
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
  let dictionaryPage: Buffer | undefined
  if (dictionary) {
    dictionaryPage = appendDictionary(out, leaf, dictionary, scratch, record, options)
    record.dictionaryBytes = out.length - record.at
  }
  const position: Position = { entry: 0, defined: 0, row: 0 }
  while (position.entry < record.entries) {
    const first = { ...position }
    gatherPage(leaf, dictionary, scratch, position, options.pageBytes)
    const page = appendPage(out, leaf, { first, end: position, dictionary }, scratch, record, options)
    if (options.statistics) page.bounds = pageBounds(leaf, first, position, scratch, dictionary, dictionaryPage)
    record.nulls += page.nulls
    record.bounds = joinBounds(record.bounds, page.bounds)
    record.pages.push(page)
  }
  record.bytes = out.length - record.at
  return record
}

/** Looking for repeats among floats of vectors costs much and finds nothing; booleans are bits anyway. */
function dictionaryOf(leaf: Leaf, { dictionary }: ChunkOptions): Dictionary | undefined {
  if (dictionary === 'off' || leaf.vector !== undefined || leaf.element.type === 'BOOLEAN') return undefined
  return buildDictionary(leaf.values, dictionary === 'on')
}

/** How far a chunk is written: levels, those of them that stand for values (of a vector each float), and rows. */
type Position = { entry: number; defined: number; row: number }

type Span = { first: Position; end: Position; dictionary: Dictionary | undefined }

/** Moves on by whole rows up to a page's size; values without a dictionary are encoded on the way. */
function gatherPage(
  leaf: Leaf,
  dictionary: Dictionary | undefined,
  scratch: Scratch,
  position: Position,
  most: number,
) {
  const { values, maxDefinition, maxRepetition, definition, repetition, vector = 1, element } = leaf
  const appendPlain = plainEncoding(element, leaf.vector !== undefined)
  const defined = definition.bytes
  const repeated = repetition.bytes
  const count = definition.length
  const start = position.defined
  scratch.values.length = 0
  // Booleans are packed by eight, so they wait for the page's end.
  const waits = dictionary !== undefined || element.type === 'BOOLEAN'
  for (;;) {
    const before = position.defined
    do {
      if (defined[position.entry] === maxDefinition) position.defined++
      position.entry++
    } while (maxRepetition > 0 && position.entry < count && repeated[position.entry]! > 0)
    position.row++
    if (!waits) appendPlain(scratch.values, values, before / vector, position.defined / vector)
    const size = waits ? 4 * (position.defined - start) : scratch.values.length
    if (position.entry === count || size >= most) break
  }
  if (element.type === 'BOOLEAN') appendPlain(scratch.values, values, start, position.defined)
  else if (dictionary) {
    const width = bitsFor(dictionary.entries.length - 1)
    appendByte(scratch.values, width)
    appendHybrid(scratch.values, dictionary.indexes, start, position.defined, width)
  }
}

function appendPage(
  out: Growable,
  leaf: Leaf,
  { first, end, dictionary }: Span,
  { values, levels }: Scratch,
  record: ChunkRecord,
  options: ChunkOptions,
): PageRecord {
  const { maxDefinition, maxRepetition, definition, repetition } = leaf
  levels.length = 0
  if (maxRepetition > 0) appendHybrid(levels, repetition.bytes, first.entry, end.entry, bitsFor(maxRepetition))
  const repetitionBytes = levels.length
  appendHybrid(levels, definition.bytes, first.entry, end.entry, bitsFor(maxDefinition))
  const entries = end.entry - first.entry
  const nulls = entries - (end.defined - first.defined)
  // Some readers stumble over a compressed nothing.
  const plain = nulls === entries ? new Uint8Array(0) : taken(values)
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
        field_4: dictionary ? encodings.RLE_DICTIONARY : encodings.PLAIN,
        field_5: levels.length - repetitionBytes,
        field_6: repetitionBytes,
        field_7: isPacked,
      },
    },
  })
  return { at, bytes: out.length - at, firstRow: first.row, entries, nulls }
}

/** Gives the dictionary's PLAIN bytes, for the bounds of the pages that point into it. */
function appendDictionary(
  out: Growable,
  leaf: Leaf,
  { entries }: Dictionary,
  { values }: Scratch,
  record: ChunkRecord,
  { compress, checksums }: ChunkOptions,
): Buffer {
  values.length = 0
  plainEncoding(leaf.element, false)(values, entries, 0, entries.length)
  const plain = taken(values)
  appendWithHeader(out, record, checksums, {
    type: 2,
    plainBytes: plain.length,
    parts: [compress ? compress(plain) : plain],
    details: { field_7: { field_1: entries.length, field_2: encodings.PLAIN } },
  })
  // A copy: the pages are put together in the same place.
  return Buffer.from(plain)
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

function pageBounds(
  { element, values, vector }: Leaf,
  first: Position,
  end: Position,
  scratch: Scratch,
  dictionary: Dictionary | undefined,
  dictionaryPage: Buffer | undefined,
): Bounds | undefined {
  // Bounds of floats in vectors say nothing, and those of JSON texts cannot be cut short.
  if (vector !== undefined || element.converted_type === 'JSON' || end.defined === first.defined) return undefined
  if (element.type !== 'BYTE_ARRAY') return valueBounds(values, first.defined, end.defined)
  if (!dictionary || !dictionaryPage) return textBounds(taken(scratch.values), element)
  const used = new Uint8Array(dictionary.entries.length)
  for (let i = first.defined; i < end.defined; i++) used[dictionary.indexes[i]!] = 1
  return textBounds(dictionaryPage, element, used)
}
