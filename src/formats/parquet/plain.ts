import { appendByte, type Growable, reserve } from './growable.js'
import type { SchemaElement } from './library.js'

/** Appends values `start` to `end`, none of them null, as Parquet's PLAIN encoding lays them out. */
export type AppendPlain = (out: Growable, values: readonly unknown[], start: number, end: number) => void

/** The PLAIN encoding of a leaf's values in the forms that `fitter` gives them. */
export function plainEncoding({ type, converted_type }: SchemaElement, isVector: boolean): AppendPlain {
  if (isVector) return appendVectors
  if (type === 'BYTE_ARRAY') return converted_type === undefined ? appendBinary : appendTexts
  if (type === 'BOOLEAN') return appendBooleans
  if (type === 'INT64') return appendInt64
  return appendNumbers[type as 'INT32' | 'FLOAT' | 'DOUBLE']
}

/** Shorter texts cost less in a loop here than a call costs. */
const shortText = 16

const appendTexts: AppendPlain = (out, values, start, end) => {
  for (let i = start; i < end; i++) {
    const text = values[i] as string
    reserve(out, 4 + 3 * text.length)
    const { bytes, length: at } = out
    const size = (text.length < shortText && asciiWrite(bytes, text, at + 4)) || bytes.write(text, at + 4)
    putUint32(bytes, at, size)
    out.length = at + 4 + size
  }
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

const appendBinary: AppendPlain = (out, values, start, end) => {
  for (let i = start; i < end; i++) {
    const value = values[i] as Uint8Array
    reserve(out, 4 + value.length)
    putUint32(out.bytes, out.length, value.length)
    out.bytes.set(value, out.length + 4)
    out.length += 4 + value.length
  }
}

function putUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

const appendBooleans: AppendPlain = (out, values, start, end) => {
  for (let i = start; i < end; i += 8) {
    let byte = 0
    for (let bit = 0; bit < 8 && i + bit < end; bit++) if (values[i + bit] === true) byte |= 1 << bit
    appendByte(out, byte)
  }
}

const appendInt64: AppendPlain = (out, values, start, end) => {
  reserve(out, 8 * (end - start))
  const { bytes } = out
  let at = out.length
  for (let i = start; i < end; i++, at += 8) {
    const value = values[i] as number | bigint
    if (typeof value === 'bigint') bytes.writeBigInt64LE(value, at)
    else {
      // The low half wraps as 32 bits do; what is left of a safe integer divides exactly.
      bytes.writeInt32LE(value | 0, at)
      bytes.writeInt32LE(Math.floor(value / 2 ** 32), at + 4)
    }
  }
  out.length = at
}

const appendNumbers: Record<'INT32' | 'FLOAT' | 'DOUBLE', AppendPlain> = {
  INT32: (out, values, start, end) => {
    reserve(out, 4 * (end - start))
    for (let i = start; i < end; i++) out.length = out.bytes.writeInt32LE(values[i] as number, out.length)
  },
  FLOAT: (out, values, start, end) => {
    reserve(out, 4 * (end - start))
    for (let i = start; i < end; i++) out.length = out.bytes.writeFloatLE(values[i] as number, out.length)
  },
  DOUBLE: (out, values, start, end) => {
    reserve(out, 8 * (end - start))
    for (let i = start; i < end; i++) out.length = out.bytes.writeDoubleLE(values[i] as number, out.length)
  },
}

const appendVectors: AppendPlain = (out, values, start, end) => {
  for (let i = start; i < end; i++) {
    const { buffer, byteOffset, byteLength } = values[i] as Float32Array
    reserve(out, byteLength)
    out.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), out.length)
    out.length += byteLength
  }
}
