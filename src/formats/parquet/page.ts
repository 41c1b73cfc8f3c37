import type { TextColumn } from '../../text/column.js'
import type { Buffers } from '../buffers.js'
import type { Codec } from '../codecs.js'
import type { PageDecoder } from '../zstd/index.js'
import type { Coding, Stored } from './coding.js'
import { bitWidth, decodeHybrid } from './levels.js'
import { isCount, type PageHead } from './pages.js'
import { storedTexts, storedValues } from './stored.js'

/** A data page taken apart. Levels are absent where every one of them is the highest, or there are none. */
export type Page = {
  /** Values and nulls; of a column without lists, its rows. */
  count: number
  definition?: Uint8Array
  repetition?: Uint8Array
  values: Stored
  /** Its values that are not null, where the chunk is read as {@link PageCoding.asTexts}. */
  texts?: TextColumn
  /** Bytes held by it. */
  bytes: number
  /** Memory lent for it, to be given back once its values are taken. */
  memory?: Uint8Array
}

export type PageCoding = Coding & {
  /** The codec of the column chunk, undefined where it is not compressed. */
  codec: Codec | undefined
  maxDefinition: number
  maxRepetition: number
  buffers: Buffers
  /** Whether its values are texts to be left as bytes. */
  asTexts: boolean
  /** What decodes its dictionary of texts, which must stay while pages come, in place of `pages`. */
  dictionaryPages?: PageDecoder
}

/** The entries of a dictionary: values, or texts and the memory lent for them. */
export type Dictionary = { values: readonly unknown[]; texts?: TextColumn; memory?: Uint8Array }

/** How many values and nulls a data page says it holds. */
export function valueCount(head: PageHead): number {
  const count = (head.data_page_header ?? head.data_page_header_v2)?.num_values
  if (!isCount(count)) throw new Error('its page header counts no values')
  return count
}

/** Decodes a data page of either version. Throws an Error where header, levels and values do not agree. */
export function decodePage(
  head: PageHead,
  body: Uint8Array,
  coding: PageCoding,
  dictionary: Dictionary | undefined,
): Page {
  const count = valueCount(head)
  const cut = head.type === 'DATA_PAGE_V2' ? cutPageV2(head, body, coding) : cutPage(head, body, coding)
  const repetition = levels(cut.repetition, count, coding.maxRepetition)
  let definition = levels(cut.definition, count, coding.maxDefinition)
  const present = definition === undefined ? count : countOf(definition, coding.maxDefinition)
  if (present === count) definition = undefined
  const bytes = head.uncompressed_page_size + count * (definition || repetition ? 2 : 0)
  if (coding.asTexts) {
    const { bytes: stored, memory } = movable(cut.values(present), coding)
    const texts = pageTexts(stored, cut.encoding, present, coding, dictionary?.texts)
    return { count, definition, repetition, values: untaken, texts, bytes, memory }
  }
  const { bytes: stored, memory } = cut.values(present)
  const values = storedValues(stored, cut.encoding, present, coding, dictionary?.values)
  return { count, definition, repetition, values, bytes, memory }
}

/** The entries of a dictionary page. */
export function decodeDictionary(head: PageHead, body: Uint8Array, coding: PageCoding): Dictionary {
  const count = head.dictionary_page_header?.num_values
  if (!isCount(count)) throw new Error('its page header counts no dictionary entries')
  if (count > coding.limits.dictionaryValues) throw new Error(`its dictionary of ${count} entries is too large`)
  const pages = coding.asTexts ? coding.dictionaryPages : coding.pages
  const plain = plainPage(body, head.uncompressed_page_size, { ...coding, pages })
  if (coding.asTexts) {
    const { bytes, memory } = movable(plain, coding)
    return { values: [], texts: pageTexts(bytes, 'PLAIN', count, { ...coding, pages }, undefined), memory }
  }
  const values: unknown[] = []
  storedValues(plain.bytes, 'PLAIN', count, coding, undefined).next(values, count)
  if (plain.memory !== undefined) coding.buffers.takeBack(plain.memory)
  return { values }
}

function pageTexts(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  coding: PageCoding,
  dictionary: TextColumn | undefined,
): TextColumn {
  const closed = encoding === 'PLAIN' ? coding.pages?.closeUp(bytes, count, coding.limits.valueBytes) : undefined
  return closed ?? storedTexts(bytes, encoding, count, coding, dictionary)
}

/** Of a page of texts, no value is taken one by one. */
const untaken: Stored = { next: () => 0, skip() {} }

/** Bytes that may be moved about, as those of a window may not. */
function movable(plain: Plain, { buffers }: PageCoding): Plain {
  if (plain.memory !== undefined || plain.isMovable) return plain
  const memory = buffers.lend(plain.bytes.length)
  memory.set(plain.bytes)
  return { bytes: memory, memory }
}

type Cut = {
  repetition: Uint8Array | undefined
  definition: Uint8Array | undefined
  values(present: number): Plain
  encoding: string
}

/** Version 1: levels, each behind its length, and values are compressed together. */
function cutPage(head: PageHead, body: Uint8Array, coding: PageCoding): Cut {
  const { encoding, definition_level_encoding, repetition_level_encoding } = head.data_page_header!
  const plain = plainPage(body, head.uncompressed_page_size, coding)
  const { bytes } = plain
  let at = 0
  const cutLevels = (most: number, levelEncoding: string) => {
    if (most === 0) return undefined
    if (levelEncoding !== 'RLE') throw new Error(`its levels are encoded as ${levelEncoding}`)
    if (at + 4 > bytes.length) throw new Error('its levels are missing')
    const size = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true)
    if (at + 4 + size > bytes.length) throw new Error(`its levels of ${size} bytes end beyond the page`)
    at += 4 + size
    return bytes.subarray(at - size, at)
  }
  const repetition = cutLevels(coding.maxRepetition, repetition_level_encoding)
  const definition = cutLevels(coding.maxDefinition, definition_level_encoding)
  return { repetition, definition, values: () => ({ ...plain, bytes: bytes.subarray(at) }), encoding }
}

/** Version 2: levels lie bare in front of the compressed values. */
function cutPageV2(head: PageHead, body: Uint8Array, coding: PageCoding): Cut {
  const {
    encoding,
    repetition_levels_byte_length: repetitionSize,
    definition_levels_byte_length: definitionSize,
    is_compressed,
  } = head.data_page_header_v2!
  if (!isCount(repetitionSize) || !isCount(definitionSize)) throw new Error('its page header gives no level sizes')
  const before = repetitionSize + definitionSize
  if (before > body.length || before > head.uncompressed_page_size) throw new Error('its levels end beyond the page')
  const plain = is_compressed === false ? { ...coding, codec: undefined } : coding
  return {
    repetition: body.subarray(0, repetitionSize),
    definition: body.subarray(repetitionSize, before),
    // A page of nothing but nulls may hold no bytes at all, which no codec takes.
    values: (present) =>
      present === 0 ? nothing : plainPage(body.subarray(before), head.uncompressed_page_size - before, plain),
    encoding,
  }
}

/** Decompressed bytes, the memory lent for them where some was, and whether they may be moved about though none was. */
type Plain = { bytes: Uint8Array; memory?: Uint8Array; isMovable?: boolean }

const nothing: Plain = { bytes: new Uint8Array(0) }

function plainPage(body: Uint8Array, size: number, { codec, buffers, pages }: PageCoding): Plain {
  if (codec !== undefined && size === 0) return nothing
  const texts = codec && pages?.decompress(body, size)
  if (texts !== undefined) return { bytes: texts, isMovable: true }
  if (codec?.decompressInto !== undefined) {
    const memory = buffers.lend(size)
    codec.decompressInto(body, memory)
    return { bytes: memory, memory }
  }
  const bytes = codec === undefined ? body : codec.decompress(body, size)
  if (bytes.length !== size) throw new Error(`its page holds ${bytes.length} bytes where its header promises ${size}`)
  return { bytes }
}

function levels(bytes: Uint8Array | undefined, count: number, most: number): Uint8Array | undefined {
  if (bytes === undefined || most === 0) return undefined
  const output = new Uint8Array(count)
  const largest = decodeHybrid(bytes, 0, bytes.length, bitWidth(most), output)
  if (largest > most) throw new Error(`a level of ${largest} is above the ${most} of its column`)
  return output
}

function countOf(definition: Uint8Array, level: number): number {
  let count = 0
  for (let i = 0; i < definition.length; i++) if (definition[i] === level) count++
  return count
}
