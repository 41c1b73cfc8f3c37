import { createHash } from 'node:crypto'
import { CorruptInputError } from '../stream/errors.js'

const numberTypes = { f32: Float32Array, f64: Float64Array, i8: Int8Array, i16: Int16Array, u32: Uint32Array }
type Numbers = Float32Array | Float64Array | Int8Array | Int16Array | Uint32Array
type Fields = Record<string, unknown>

const digestBytes = 32

/**
 * A summary as bytes: a line `sluice <kind> 1`, a line of JSON with the fields, filled up to a multiple of eight bytes, the
 * numbers (little-endian, as on every platform Node runs on but s390x), and the sha256 of all that. Equal contents give
 * equal bytes.
 */
export function encodeArtifact(kind: string, fields: Fields, parts: readonly Numbers[]): Buffer {
  return Buffer.concat(encodeArtifactParts(kind, fields, parts))
}

/** The bytes of {@link encodeArtifact} in pieces, those of the numbers not copied. */
export function encodeArtifactParts(kind: string, fields: Fields, parts: readonly Numbers[]): Buffer[] {
  const shapes = parts.map((part) => [typeOf(part), part.length])
  const line = Buffer.from(`sluice ${kind} 1\n${JSON.stringify({ ...fields, parts: shapes })}`)
  const head = Buffer.alloc(Math.ceil((line.length + 1) / 8) * 8, ' ')
  line.copy(head)
  head.write('\n', head.length - 1)
  const bytes = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))
  const hash = createHash('sha256').update(head)
  for (const part of bytes) hash.update(part)
  return [head, ...bytes, hash.digest()]
}

/**
 * Reads what encodeArtifact wrote; bytes of another kind, cut short or changed are a CorruptInputError. Numbers are views of
 * `buffer` where they lie at multiples of their size.
 */
export function decodeArtifact(kind: string, buffer: Uint8Array): { fields: Fields; parts: Numbers[] } {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const opening = Buffer.from(`sluice ${kind} 1\n`)
  const end = bytes.length - digestBytes
  if (end < opening.length || !bytes.subarray(0, opening.length).equals(opening)) {
    throw new CorruptInputError(`Expected a ${kind} of format 1, got ${bytes.length} bytes of something else`)
  }
  if (!createHash('sha256').update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) {
    throw new CorruptInputError(`The ${kind} is damaged: its ${bytes.length} bytes do not match their checksum`, {
      fix: 'Delete the file and run the same command again: it is made anew.',
    })
  }
  const newline = bytes.indexOf(10, opening.length)
  const { parts: shapes, ...fields } = JSON.parse(bytes.toString('utf8', opening.length, newline))
  let at = newline + 1
  const parts = (shapes as [keyof typeof numberTypes, number][]).map(([type, length]) => {
    const Type = numberTypes[type]
    const size = length * Type.BYTES_PER_ELEMENT
    const part = bytes.subarray(at, at + size)
    at += size
    return part.byteOffset % Type.BYTES_PER_ELEMENT === 0
      ? new Type(part.buffer as ArrayBuffer, part.byteOffset, length)
      : new Type(new Uint8Array(part).buffer)
  })
  return { fields, parts }
}

function typeOf(part: Numbers): string {
  return Object.entries(numberTypes).find(([, Type]) => part instanceof Type)![0]
}
