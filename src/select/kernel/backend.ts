/** Most rows a call of the kernel: V8 replaces a WebAssembly loop by its optimised code only between calls. */
export const tileRows = 1024

/** What a tile's rows come to; each array has one place a row. */
export type Nearest = {
  /** The nearest centroid, the lowest index on ties. */
  readonly labels: Uint32Array
  /** Squared Euclidean distance to it. */
  readonly distances: Float32Array
  /** Squared Euclidean distance to the runner-up, never under `distances`; Infinity where there is one centroid. */
  readonly second: Float32Array
}

/** Squared norms come along for the caller's check: one that is NaN or huge marks a vector that cannot be compared. */
export type TileResult = Nearest & { readonly norms: Float32Array }

/** The arithmetic of nearestCentroid, once in WebAssembly and once in TypeScript. A result is valid until the next call. */
export type AssignBackend = {
  move(centroids: Float32Array): void
  tile(vectors: Float32Array, rows: number): TileResult
}

/** Squared Euclidean distances of a fixed set of vectors from one centre, valid until the next call. */
export type DistanceBackend = (centre: Float32Array) => Float32Array

/** Half of each squared norm, in double precision until the last rounding. */
export function halfNorms(centroids: Float32Array, k: number, dimensions: number): Float32Array {
  const halves = new Float32Array(k)
  for (let c = 0; c < k; c++) {
    let sum = 0
    for (let at = c * dimensions; at < (c + 1) * dimensions; at++) sum += centroids[at]! * centroids[at]!
    halves[c] = sum / 2
  }
  return halves
}
