import { createHash } from 'node:crypto'
import { expand, type Precision, quantize, rounded } from '../../embed/quantize.js'
import type { Texts } from '../../embed/types.js'
import { decodeArtifact, encodeArtifact } from '../../select/artifact.js'
import { CorruptInputError } from '../../stream/errors.js'

/** Vectors of some rows of a shard, by row number, each with the words of its text's hash. */
export type Segment = {
  readonly rows: Uint32Array
  readonly hashes: Uint32Array
  readonly vectors: Float32Array
}

/** What a segment's name tells: the rows it lies between, and its numbers. */
export type SegmentFile = {
  readonly name: string
  readonly first: number
  readonly last: number
  readonly precision: Precision
}

/** Words of a text's hash. */
export const hashWords = 2

const namePattern = /^(\d{10})-(\d{10})-(float32|int16|int8)-[0-9a-f]{16}\.bin$/

/** The bytes of a segment and the name they go by, which is their own: equal segments are one file. */
export function encodeSegment(
  { rows, hashes, vectors }: Segment,
  { embedder, precision }: { embedder: string; precision: Precision },
): { name: string; bytes: Buffer } {
  const dimensions = vectors.length / rows.length
  const fields = { embedder, dimensions, precision }
  const bytes = encodeArtifact('vectors', fields, [rows, hashes, ...numbersOf(vectors, dimensions, precision)])
  const digits = (row: number) => String(row).padStart(10, '0')
  const own = bytes.toString('hex', bytes.length - 32, bytes.length - 24)
  return { name: `${digits(rows[0]!)}-${digits(rows.at(-1)!)}-${precision}-${own}.bin`, bytes }
}

function numbersOf(vectors: Float32Array, dimensions: number, precision: Precision) {
  if (precision === 'float32') return [vectors]
  const { scales, values } = quantize(vectors, dimensions, precision)
  return [scales, values]
}

/** Reads what a file's name tells; nothing where it is not a segment's. */
export function readSegmentName(name: string): SegmentFile | undefined {
  const [, first, last, precision] = namePattern.exec(name) ?? []
  if (precision === undefined) return undefined
  return { name, first: Number(first), last: Number(last), precision: precision as Precision }
}

/** A segment's rows as the `precision` asked for gives them. Bytes that are damaged, or another embedder's, are a CorruptInputError. */
export function decodeSegment(
  bytes: Uint8Array,
  { embedder, dimensions, precision }: { embedder: string; dimensions: number; precision: Precision },
): Segment {
  const { fields, parts } = decodeArtifact('vectors', bytes)
  if (fields.embedder !== embedder || fields.dimensions !== dimensions) {
    throw new CorruptInputError(`The vectors are those of ${fields.embedder}, and not of ${embedder}`)
  }
  const [rows, hashes, ...numbers] = parts as [Uint32Array, Uint32Array, Float32Array, Int8Array]
  const vectors =
    fields.precision === 'float32'
      ? rounded(numbers[0]!, dimensions, precision)
      : expand({ scales: numbers[0]!, values: numbers[1]! }, dimensions)
  return { rows, hashes, vectors }
}

/** Two words of the SHA-256 of each text: one that has changed is taken for the same once in 2^64. */
export function hashTexts(texts: Texts): Uint32Array {
  const count = 'offsets' in texts ? texts.offsets.length - 1 : texts.length
  const words = new Uint32Array(hashWords * count)
  for (let n = 0; n < count; n++) {
    const text = 'offsets' in texts ? texts.values.subarray(texts.offsets[n], texts.offsets[n + 1]) : texts[n]!
    const digest = createHash('sha256').update(text).digest()
    words[hashWords * n] = digest.readUInt32LE(0)
    words[hashWords * n + 1] = digest.readUInt32LE(4)
  }
  return words
}
