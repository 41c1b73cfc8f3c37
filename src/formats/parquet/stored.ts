import type { TextColumn } from '../../text/column.js'
import { withinLimit } from '../limits.js'
import { latin1, utf8 } from '../values.js'
import type { PageDecoder } from '../zstd/index.js'
import type { Coding, Stored } from './coding.js'
import { cursorOver, deltaLengths, deltaLengthValues, deltaValues, unpackDelta } from './delta.js'
import { decodeHybrid } from './levels.js'
import { byteStreamSplit, type SchemaElement } from './library.js'
import { closeUp, entriesAt, ofLengths, ofValues } from './texts.js'

/**
 * The values of a page that holds `count` of them in `encoding`; every length is checked against the bytes before it is
 * used. Throws an Error where they do not agree.
 */
export function storedValues(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  coding: Coding,
  dictionary: readonly unknown[] | undefined,
): Stored {
  const { element } = coding
  if (count === 0) return ofArray(0, () => undefined)
  switch (encoding) {
    case 'PLAIN':
      return plainValues(bytes, count, coding)
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      if (dictionary === undefined) throw new Error('it has no dictionary before it')
      return dictionaryValues(bytes, count, dictionary)
    case 'RLE': {
      if (element.type !== 'BOOLEAN') throw new Error(`RLE holds booleans, not ${element.type}`)
      const bits = new Uint8Array(count)
      decodeHybrid(bytes, 4, bytes.length, 1, bits)
      return ofArray(count, (i) => bits[i] === 1)
    }
    case 'DELTA_BINARY_PACKED':
      return numbers(unpackDelta(cursorOver(bytes), count, element.type === 'INT64'), coding)
    case 'DELTA_LENGTH_BYTE_ARRAY':
      return deltaLengthValues(bytes, count, coding)
    case 'DELTA_BYTE_ARRAY':
      return deltaValues(bytes, count, coding)
    case 'BYTE_STREAM_SPLIT':
      return splitValues(bytes, count, coding)
    default:
      throw new Error(`its encoding ${encoding} is unknown`)
  }
}

/**
 * The same for a column of texts, their bytes not made strings; those of a PLAIN page are moved within `bytes`. Throws an
 * Error as {@link storedValues} does.
 */
export function storedTexts(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  coding: Coding,
  dictionary: TextColumn | undefined,
): TextColumn {
  if (count === 0) return ofValues([])
  switch (encoding) {
    case 'PLAIN':
      return closeUp(bytes, count, coding.limits)
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      if (dictionary === undefined) throw new Error('it has no dictionary before it')
      return entriesAt(dictionary, dictionaryIndexes(bytes, count, dictionary.offsets.length - 1), coding.limits)
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const { lengths, values } = deltaLengths(bytes, count, coding.limits)
      return ofLengths(values, lengths)
    }
    default: {
      const texts: Uint8Array[] = []
      const copy = {
        ...coding.convert,
        bytes: (from: Uint8Array, start: number, end: number) => from.slice(start, end),
      }
      storedValues(bytes, encoding, count, { ...coding, convert: copy }, undefined).next(texts, count)
      return ofValues(texts)
    }
  }
}

const fixedWidths: Record<string, number | undefined> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 }

/** Bytes of each value of a type of fixed width. */
function widthOf({ type, type_length }: SchemaElement): number | undefined {
  return type === 'FIXED_LEN_BYTE_ARRAY' ? type_length! : fixedWidths[type ?? '']
}

function plainValues(bytes: Uint8Array, count: number, coding: Coding): Stored {
  const { element, convert } = coding
  if (element.type === 'BYTE_ARRAY') return plainBytes(bytes, count, coding)
  if (element.type === 'BOOLEAN') {
    needBytes(bytes, Math.ceil(count / 8))
    return ofArray(count, (i) => ((bytes[i >> 3]! >> (i & 7)) & 1) === 1)
  }
  const width = widthOf(element)
  if (width === undefined) throw new Error(`its type ${element.type} is unknown`)
  needBytes(bytes, count * width)
  if (element.type === 'INT96' || element.type === 'FIXED_LEN_BYTE_ARRAY') {
    return ofArray(count, (i) => convert.bytes(bytes, i * width, (i + 1) * width), width)
  }
  return numbers(typed(element.type!, aligned(bytes, count * width)), coding)
}

function needBytes(bytes: Uint8Array, wanted: number): void {
  if (bytes.length !== wanted) throw new Error(`its values take ${bytes.length} bytes instead of ${wanted}`)
}

type Numbers = Int32Array | BigInt64Array | Float32Array | Float64Array

function typed(type: string, buffer: Uint8Array): Numbers {
  const { buffer: memory, byteOffset: at, byteLength: size } = buffer
  if (type === 'INT32') return new Int32Array(memory, at, size / 4)
  if (type === 'INT64') return new BigInt64Array(memory, at, size / 8)
  return type === 'FLOAT' ? new Float32Array(memory, at, size / 4) : new Float64Array(memory, at, size / 8)
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes.subarray(0, size) : new Uint8Array(bytes.subarray(0, size))
}

function numbers(values: Numbers, { convert }: Coding): Stored {
  if (values instanceof BigInt64Array) {
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    return ofArray(values.length, (i) => convert.int64(halves[2 * i]!, halves[2 * i + 1]!), 8)
  }
  const { int32 } = convert
  if (values instanceof Int32Array && int32) return ofArray(values.length, (i) => int32(values[i]!), 8)
  const stored = ofArray(values.length, (i) => values[i], 8)
  return values instanceof Float32Array ? { ...stored, floats: values } : stored
}

/** Values that can be made by their index; `size` is about what each takes in memory. */
function ofArray(count: number, value: (index: number) => unknown, size = 1): Stored {
  let at = 0
  return {
    next(out, wanted) {
      const end = Math.min(at + wanted, count)
      for (; at < end; at++) out.push(value(at))
      return wanted * size
    },
    skip(wanted) {
      at += wanted
    },
  }
}

function plainBytes(bytes: Uint8Array, count: number, { convert, limits, pages }: Coding): Stored {
  const ends = convert.bytes === utf8 ? pages?.findTexts(bytes, count, limits.valueBytes) : undefined
  if (pages !== undefined && ends !== undefined) return foundTexts(bytes, ends, pages)
  if (count * 4 > bytes.length) throw new Error(`its ${bytes.length} bytes do not hold ${count} values`)
  const make = convert.bytes
  let [at, left] = [0, count]
  const step = (): number => {
    if (at + 4 > bytes.length) throw new Error('a value begins beyond the page')
    const size = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    if (at + 4 + size > bytes.length) throw new Error(`a value of ${size} bytes ends beyond the page`)
    at += 4
    return size
  }
  const checkEnd = () => {
    if (left === 0 && at !== bytes.length) throw new Error(`${bytes.length - at} bytes are left behind its last value`)
  }
  return {
    next(out, wanted) {
      const start = at
      for (let i = 0; i < wanted; i++) {
        const size = step()
        if (size > limits.valueBytes) withinLimit('a value', size, limits, 'valueBytes')
        out.push(make(bytes, at, at + size))
        at += size
      }
      left -= wanted
      checkEnd()
      return at - start
    },
    skip(wanted) {
      for (let i = 0; i < wanted; i++) {
        const size = step()
        at += size
      }
      left -= wanted
      checkEnd()
    },
  }
}

/** Texts that end as `findTexts` says. Those in ASCII take a third of the time. */
function foundTexts(bytes: Uint8Array, ends: Int32Array, pages: PageDecoder): Stored {
  let [at, index] = [0, 0]
  const skip = (wanted: number) => {
    index += wanted
    const end = index === 0 ? 0 : ends[index - 1]!
    at = end < 0 ? ~end : end
  }
  return {
    next(out, wanted) {
      const start = at
      for (const last = index + wanted; index < last; ) {
        const end = ends[index]!
        out.push(end < 0 ? pages.decodeUtf8(bytes, at + 4, ~end) : latin1(bytes, at + 4, end))
        skip(1)
      }
      return at - start
    },
    skip,
  }
}

function dictionaryValues(bytes: Uint8Array, count: number, dictionary: readonly unknown[]): Stored {
  const indexes = dictionaryIndexes(bytes, count, dictionary.length)
  return ofArray(count, (i) => dictionary[indexes[i]!], 8)
}

function dictionaryIndexes(bytes: Uint8Array, count: number, entries: number): Uint8Array | Uint16Array | Uint32Array {
  const width = bytes[0] ?? 255
  const indexes = new (width <= 8 ? Uint8Array : width <= 16 ? Uint16Array : Uint32Array)(count)
  const largest = decodeHybrid(bytes, 1, bytes.length, width, indexes)
  if (largest >= entries) throw new Error(`index ${largest} is outside its dictionary of ${entries}`)
  return indexes
}

function splitValues(bytes: Uint8Array, count: number, coding: Coding): Stored {
  const { element, convert } = coding
  const width = widthOf(element)
  if (width === undefined || element.type === 'INT96') throw new Error(`${element.type} cannot be split into streams`)
  needBytes(bytes, count * width)
  const values = byteStreamSplit(cursorOver(bytes), count, element.type!, element.type_length)
  if (!Array.isArray(values)) return numbers(values as Numbers, coding)
  return ofArray(count, (i) => convert.bytes(values[i] as Uint8Array, 0, width), width)
}
