/** Most rows a call of the kernel: V8 replaces a WebAssembly loop by its optimised code only between calls. */
export const tileRows = 1024

/** How a ranking compares a row with its targets: by the least squared distance, or by the largest dot product. */
export type Measure = 'distance' | 'product'

export type RankShape = {
  /** Most targets that can be put. */
  readonly capacity: number
  readonly dimensions: number
  readonly measure: Measure
}

/** What a tile's rows come to; each array has one place a row, and is valid until the next call. */
export type TileResult = {
  /** The target that ranks first, the lowest index on ties. */
  readonly labels: Uint32Array
  /** Squared distance to it, or the product with it. */
  readonly values: Float32Array
  /** With distances: at most the squared distance to the runner-up, and never under `values`. */
  readonly second: Float32Array
  /** Squared norms of the rows, for the caller's check: one that is NaN or huge marks a vector that cannot be compared. */
  readonly norms: Float32Array
}

/** The arithmetic of nearestCentroid and largestDot, once in WebAssembly and once in TypeScript. */
export type RankBackend = {
  /** Puts targets in the places from `first` up. */
  put(first: number, targets: Float32Array): void
  /** Ranks the first `count` targets for at most tileRows rows: the first of `vectors`, or those whose numbers `only` has. */
  tile(vectors: Float32Array, rows: number, count: number, only?: Uint32Array): TileResult
}

/** Squared Euclidean distances of a fixed set of vectors from one centre, valid until the next call. */
export type DistanceBackend = (centre: Float32Array) => Float32Array

/** Half of each squared norm, in double precision until the last rounding. */
export function halfNorms(vectors: Float32Array, dimensions: number): Float32Array {
  const halves = new Float32Array(vectors.length / dimensions)
  for (let c = 0; c < halves.length; c++) {
    let sum = 0
    for (let at = c * dimensions; at < (c + 1) * dimensions; at++) sum += vectors[at]! * vectors[at]!
    halves[c] = sum / 2
  }
  return halves
}
