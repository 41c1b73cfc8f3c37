import { CorruptInputError } from '../../stream/errors.js'
import { type DistanceBackend, type Nearest, tileRows } from './backend.js'
import { plainAssign, plainDistances } from './plain.js'
import { simdAssign, simdAvailable, simdDistances } from './simd.js'

export type { Nearest } from './backend.js'

export type KernelOptions = {
  /** 'simd' is WebAssembly, 'plain' TypeScript; both give the same bits. Default: 'simd' where the machine has it. */
  kind?: 'simd' | 'plain'
}

export type NearestCentroid = {
  readonly kind: 'simd' | 'plain'
  readonly k: number
  /** The nearest centroid of each of `rows` vectors; `ids` only name a faulty row in the error. */
  assign(vectors: Float32Array, rows: number, ids?: readonly string[]): Nearest
  /** Puts the same number of other centroids in place. */
  move(centroids: Float32Array): void
}

// A squared distance of two vectors below this bound is finite in single precision, and so is every sum on the way.
const largestSquaredNorm = 2 ** 124

/**
 * Finds nearest centroids by the largest x·c − ‖c‖²/2, each dot product summed in single precision in the order of the
 * dimensions. `centroids` is k × dimensions; with none there is nothing to assign. A centroid or a vector that holds a NaN, an Infinity or a
 * squared norm from 2^124 up is a CorruptInputError.
 */
export function nearestCentroid(
  centroids: Float32Array,
  dimensions: number,
  { kind = simdAvailable() ? 'simd' : 'plain' }: KernelOptions = {},
): NearestCentroid {
  const k = rowCount(centroids, dimensions, 'centroids')
  const backend = kind === 'simd' ? simdAssign(k, dimensions) : plainAssign(k, dimensions)
  const move = (next: Float32Array) => {
    if (next.length !== k * dimensions) {
      throw new TypeError(`Expected ${k} centroids of ${dimensions} dimensions, got ${next.length} numbers`)
    }
    requireFinite(next, dimensions, (c) => `centroid ${c}`)
    backend.move(next)
  }
  move(centroids)
  return {
    kind,
    k,
    move,
    assign(vectors, rows, ids) {
      if (vectors.length < rows * dimensions) {
        throw new TypeError(`Expected ${rows} vectors of ${dimensions} dimensions, got ${vectors.length} numbers`)
      }
      if (k === 0 && rows > 0) throw new TypeError(`Expected at least one centroid for ${rows} vectors, got none`)
      const found = {
        labels: new Uint32Array(rows),
        distances: new Float32Array(rows),
        second: new Float32Array(rows),
      }
      for (let row = 0; row < rows; row += tileRows) {
        const count = Math.min(tileRows, rows - row)
        const tile = backend.tile(vectors.subarray(row * dimensions, (row + count) * dimensions), count)
        for (let r = 0; r < count; r++) {
          if (!(tile.norms[r]! < largestSquaredNorm)) throw faultyVector(ids?.[row + r] ?? `number ${row + r}`)
        }
        found.labels.set(tile.labels.subarray(0, count), row)
        found.distances.set(tile.distances.subarray(0, count), row)
        found.second.set(tile.second.subarray(0, count), row)
      }
      return found
    },
  }
}

/**
 * Squared distances of all `vectors` from one centre after another, by Σ(x − c)² and so exactly 0 for equal vectors. The
 * array that comes back is used again by the next call.
 */
export function distancesFrom(
  vectors: Float32Array,
  dimensions: number,
  { kind = simdAvailable() ? 'simd' : 'plain' }: KernelOptions = {},
): DistanceBackend {
  const rows = rowCount(vectors, dimensions, 'vectors')
  // A WebAssembly memory ends at 4 GiB, padding included; what may not fit is measured where it lies.
  return kind === 'simd' && vectors.byteLength <= 2 ** 29
    ? simdDistances(vectors, rows, dimensions)
    : plainDistances(vectors, rows, dimensions)
}

/** How many vectors of `dimensions` numbers an array holds; `what` names it in the error when they do not come out even. */
export function rowCount(vectors: Float32Array, dimensions: number, what: string): number {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new TypeError(`Expected \`dimensions\` to be an integer from 1 up, got \`${dimensions}\``)
  }
  if (vectors.length % dimensions !== 0) {
    throw new TypeError(`Expected \`${what}\` to be rows of ${dimensions} numbers, got ${vectors.length} numbers`)
  }
  return vectors.length / dimensions
}

/** Throws a CorruptInputError for the first vector that is not finite or too long to compare, by the name it is given. */
export function requireFinite(vectors: Float32Array, dimensions: number, nameOf: (row: number) => string): void {
  for (let at = 0; at < vectors.length; at += dimensions) {
    let norm = 0
    for (let d = at; d < at + dimensions; d++) norm += vectors[d]! * vectors[d]!
    if (!(norm < largestSquaredNorm)) throw faultyVector(nameOf(at / dimensions))
  }
}

function faultyVector(name: string): CorruptInputError {
  return new CorruptInputError(`Expected finite vectors of moderate length, got one that is not: ${name}`, {
    fix: 'Look at what the embedder gave for this row: a NaN, an Infinity, or numbers too large to compare.',
  })
}
