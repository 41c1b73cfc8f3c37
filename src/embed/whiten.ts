import { createHash } from 'node:crypto'
import { CorruptInputError } from '../stream/errors.js'
import { symmetricEigen } from './eigen.js'
import type { Embedder } from './types.js'

/**
 * A soft whitening: subtract `mean`, turn by `rotation` (row-major, one axis a row, most variance first), multiply axis k
 * by `scale[k]`. The scale is one over the square root of the axis's standard deviation, half the way to white.
 */
export type Whitening = {
  readonly dimensions: number
  readonly mean: Float32Array
  readonly rotation: Float32Array
  readonly scale: Float32Array
}

/** Less variance than this, in shares of the first axis's (for that one: of the mean squared length), is rounding. */
const leastShare = 1e-10

/**
 * Fits a whitening on the rows of `vectors` (n × `dimensions`, row-major) that are not all zeros. Axes along which they
 * do not vary get scale 0: nothing is known of them, and dividing would blow up rounding. Where no axis varies (fewer
 * than two rows, or all the same) it changes nothing. The same rows in the same order give the same bits everywhere.
 */
export function fitWhitening(vectors: Float32Array, dimensions: number): Whitening {
  checkShape(vectors, dimensions)
  const rows = nonZeroRows(vectors, dimensions)
  const mean = meanOf(rows, dimensions)
  const { values, vectors: axes } = symmetricEigen(covarianceOf(rows, mean), dimensions)
  const largest = values[0]!
  if (rows.length < 2 || largest <= leastShare * meanSquaredLength(rows)) return identity(dimensions)
  return {
    dimensions,
    mean: Float32Array.from(mean),
    rotation: Float32Array.from(axes),
    scale: Float32Array.from(values, (variance) =>
      variance > leastShare * largest ? 1 / Math.sqrt(Math.sqrt(variance)) : 0,
    ),
  }
}

/**
 * Whitens the rows of `vectors` into a new array and brings each back to length 1. A row of zeros stays one; so would
 * one that differs from the mean only along axes the fit has not seen.
 */
export function applyWhitening(whitening: Whitening, vectors: Float32Array): Float32Array {
  const { dimensions, mean, rotation, scale } = whitening
  checkShape(vectors, dimensions)
  const out = new Float32Array(vectors.length)
  const centred = new Float64Array(dimensions)
  const turned = new Float64Array(dimensions)
  for (let at = 0; at < vectors.length; at += dimensions) {
    let any = false
    for (let k = 0; k < dimensions; k++) {
      const value = vectors[at + k]!
      if (value !== 0) any = true
      centred[k] = value - mean[k]!
    }
    if (!any) continue
    turn(rotation, centred, turned)
    let squares = 0
    for (let k = 0; k < dimensions; k++) {
      turned[k]! *= scale[k]!
      squares += turned[k]! * turned[k]!
    }
    if (squares === 0) continue
    const length = Math.sqrt(squares)
    for (let k = 0; k < dimensions; k++) out[at + k] = turned[k]! / length
  }
  return out
}

/** The same embedder with every vector whitened; its id holds a hash of the whitening. */
export function whitened(embedder: Embedder, whitening: Whitening): Embedder {
  if (whitening.dimensions !== embedder.dimensions) {
    throw new TypeError(
      `Expected a whitening of ${embedder.dimensions} dimensions for ${embedder.id}, got ${whitening.dimensions}`,
    )
  }
  const digest = createHash('sha256').update(encodeWhitening(whitening)).digest('hex')
  return {
    id: `${embedder.id}+whitened@${digest.slice(0, 16)}`,
    dimensions: embedder.dimensions,
    async embed(texts, options) {
      return applyWhitening(whitening, await embedder.embed(texts, options))
    },
  }
}

const magic = 'sluice whitening 1\n'

/** The whitening as bytes, 4 × (d² + 2d) and a short head; {@link decodeWhitening} gives back exactly the same numbers. */
export function encodeWhitening({ dimensions, mean, scale, rotation }: Whitening): Buffer {
  const bytes = Buffer.alloc(byteLengthFor(dimensions))
  let at = bytes.write(magic, 'latin1')
  at = bytes.writeUInt32LE(dimensions, at)
  for (const part of [mean, scale, rotation]) for (const value of part) at = bytes.writeFloatLE(value, at)
  return bytes
}

/** Reads what {@link encodeWhitening} wrote; a CorruptInputError where the bytes are anything else. */
export function decodeWhitening(bytes: Uint8Array): Whitening {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const head = magic.length + 4
  if (buffer.length < head || buffer.toString('latin1', 0, magic.length) !== magic) {
    throw new CorruptInputError(`Expected a whitening, got ${buffer.length} bytes that do not start like one`)
  }
  const dimensions = buffer.readUInt32LE(magic.length)
  if (buffer.length !== byteLengthFor(dimensions)) {
    throw new CorruptInputError(
      `Expected a whitening of ${dimensions} dimensions to have ${byteLengthFor(dimensions)} bytes, got ${buffer.length}`,
    )
  }
  let at = head
  const read = (length: number) =>
    Float32Array.from({ length }, () => {
      const value = buffer.readFloatLE(at)
      if (!Number.isFinite(value)) throw new CorruptInputError(`Expected finite numbers in a whitening, got ${value}`)
      at += 4
      return value
    })
  const mean = read(dimensions)
  const scale = read(dimensions)
  return { dimensions, mean, scale, rotation: read(dimensions * dimensions) }
}

function byteLengthFor(dimensions: number): number {
  return magic.length + 4 + 4 * (dimensions * dimensions + 2 * dimensions)
}

function checkShape(vectors: Float32Array, dimensions: number): void {
  if (!Number.isInteger(dimensions) || dimensions < 1 || vectors.length % dimensions !== 0) {
    throw new TypeError(`Expected whole rows of ${dimensions} dimensions, got ${vectors.length} numbers`)
  }
}

function nonZeroRows(vectors: Float32Array, dimensions: number): Float32Array[] {
  const rows: Float32Array[] = []
  for (let at = 0; at < vectors.length; at += dimensions) {
    const row = vectors.subarray(at, at + dimensions)
    if (!row.every(Number.isFinite)) {
      throw new TypeError(`Expected finite numbers, got others in row ${at / dimensions}`)
    }
    if (row.some((value) => value !== 0)) rows.push(row)
  }
  return rows
}

function meanOf(rows: readonly Float32Array[], dimensions: number): Float64Array {
  const mean = new Float64Array(dimensions)
  for (const row of rows) for (let k = 0; k < dimensions; k++) mean[k]! += row[k]!
  return mean.map((sum) => (rows.length === 0 ? 0 : sum / rows.length))
}

function meanSquaredLength(rows: readonly Float32Array[]): number {
  let sum = 0
  for (const row of rows) for (const value of row) sum += value * value
  return sum / rows.length
}

function covarianceOf(rows: readonly Float32Array[], mean: Float64Array): Float64Array {
  const d = mean.length
  const covariance = new Float64Array(d * d)
  const centred = new Float64Array(d)
  for (const row of rows) {
    for (let k = 0; k < d; k++) centred[k] = row[k]! - mean[k]!
    for (let i = 0; i < d; i++) {
      const value = centred[i]! / rows.length
      for (let j = i; j < d; j++) covariance[i * d + j]! += value * centred[j]!
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) covariance[i * d + j] = covariance[j * d + i]!
  return covariance
}

/** `out = rotation · x`, four axes at a time so that each component of x is read a quarter as often. */
function turn(rotation: Float32Array, x: Float64Array, out: Float64Array): void {
  const d = x.length
  let axis = 0
  for (; axis + 4 <= d; axis += 4) {
    const a = axis * d
    let p = 0
    let q = 0
    let r = 0
    let s = 0
    for (let k = 0; k < d; k++) {
      const value = x[k]!
      p += rotation[a + k]! * value
      q += rotation[a + d + k]! * value
      r += rotation[a + 2 * d + k]! * value
      s += rotation[a + 3 * d + k]! * value
    }
    out[axis] = p
    out[axis + 1] = q
    out[axis + 2] = r
    out[axis + 3] = s
  }
  for (; axis < d; axis++) {
    let p = 0
    for (let k = 0; k < d; k++) p += rotation[axis * d + k]! * x[k]!
    out[axis] = p
  }
}

function identity(dimensions: number): Whitening {
  const rotation = new Float32Array(dimensions * dimensions)
  for (let k = 0; k < dimensions; k++) rotation[k * dimensions + k] = 1
  return {
    dimensions,
    mean: new Float32Array(dimensions),
    rotation,
    scale: new Float32Array(dimensions).fill(1),
  }
}
