import { symmetricEigen } from '../eigen.js'

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

/** Whitens the rows of an array into a new one. */
export type Whiten = (vectors: Float32Array) => Float32Array

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

/** Throws a TypeError unless `vectors` holds whole rows. */
export function checkShape(vectors: Float32Array, dimensions: number): void {
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
