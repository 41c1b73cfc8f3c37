import { append, appendByte, type Growable, reserve } from '../../stream/growable.js'
import type { SchemaElement } from './library.js'

/** How values of one type lie in Parquet's PLAIN encoding; booleans take a byte each here, and a bit in a page. */
export type Plain = {
  /** Bytes of each value; 0 where each has its length in front. Of a vector those of one of its floats. */
  readonly width: number
  /** Appends a value in the form that `fitter` gives it. */
  append(out: Growable, value: unknown): void
}

/** The PLAIN encoding of a leaf's values. */
export function plainEncoding({ type, converted_type }: SchemaElement, isVector: boolean): Plain {
  if (isVector) return { width: 4, append: appendVector }
  if (type === 'BYTE_ARRAY') return { width: 0, append: converted_type === undefined ? appendBinary : appendText }
  return fixedWidth[type as 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE']
}

/** Where each of `count` values in PLAIN bytes begins, and where the last ends. */
export function valueStarts(bytes: Buffer, width: number, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  for (let i = 0, at = 0; i < count; i++) {
    at += width || 4 + lengthAt(bytes, at)
    starts[i + 1] = at
  }
  return starts
}

/** The length in front of a text, in a third of the time that Buffer takes. */
export function lengthAt(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Appends booleans, of which each is a byte, as bits. */
export function appendBits(out: Growable, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += 8) {
    let byte = 0
    for (let bit = 0; bit < 8 && i + bit < bytes.length; bit++) byte |= bytes[i + bit]! << bit
    appendByte(out, byte)
  }
}

/** Shorter texts cost less in a loop here than a call costs. */
const shortText = 16

function appendText(out: Growable, value: unknown): void {
  const text = value as string
  reserve(out, 4 + 3 * text.length)
  const { bytes, length: at } = out
  const size = (text.length < shortText && asciiWrite(bytes, text, at + 4)) || bytes.write(text, at + 4)
  putUint32(bytes, at, size)
  out.length = at + 4 + size
}

/** Bytes written, or 0 where the text is not ASCII. */
function asciiWrite(bytes: Buffer, text: string, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return 0
    bytes[at + i] = code
  }
  return text.length
}

function appendBinary(out: Growable, value: unknown): void {
  const { length } = value as Uint8Array
  reserve(out, 4)
  putUint32(out.bytes, out.length, length)
  out.length += 4
  append(out, value as Uint8Array)
}

function appendVector(out: Growable, value: unknown): void {
  const { buffer, byteOffset, byteLength } = value as Float32Array
  append(out, new Uint8Array(buffer, byteOffset, byteLength))
}

function putUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

const fixedWidth: Record<'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE', Plain> = {
  BOOLEAN: { width: 1, append: (out, value) => appendByte(out, value === true ? 1 : 0) },
  INT32: {
    width: 4,
    append(out, value) {
      reserve(out, 4)
      out.length = out.bytes.writeInt32LE(value as number, out.length)
    },
  },
  INT64: {
    width: 8,
    append(out, value) {
      reserve(out, 8)
      const { bytes, length: at } = out
      if (typeof value === 'bigint') bytes.writeBigInt64LE(value, at)
      else {
        // The low half wraps as 32 bits do; what is left of a safe integer divides exactly.
        putUint32(bytes, at, (value as number) | 0)
        putUint32(bytes, at + 4, Math.floor((value as number) / 2 ** 32))
      }
      out.length = at + 8
    },
  },
  FLOAT: {
    width: 4,
    append(out, value) {
      reserve(out, 4)
      out.length = out.bytes.writeFloatLE(value as number, out.length)
    },
  },
  DOUBLE: {
    width: 8,
    append(out, value) {
      reserve(out, 8)
      out.length = out.bytes.writeDoubleLE(value as number, out.length)
    },
  },
}
