import type { DistanceBackend, RankShape } from './backend.js'
import { simdAvailable } from './memory.js'
import { plainDistances, plainRank } from './plain.js'
import { requireFinite, rowCount } from './rows.js'
import { simdDistances, simdRank } from './simd.js'
import { rankRows } from './tiles.js'

export type KernelOptions = {
  /** 'simd' is WebAssembly, 'plain' TypeScript: same labels and distances, bit for bit. Default: 'simd' where there is SIMD. */
  kind?: 'simd' | 'plain'
}

/** What rows come to; each array has one place a row. */
export type Nearest = {
  /** The nearest centroid, the lowest index on ties. */
  readonly labels: Uint32Array
  /** Squared Euclidean distance to it. */
  readonly distances: Float32Array
  /**
   * At most the squared Euclidean distance to the runner-up, and within some thousandths of the norms' product below it;
   * never under `distances`, and Infinity where there is one centroid.
   */
  readonly second: Float32Array
}

export type NearestCentroid = {
  readonly kind: 'simd' | 'plain'
  readonly k: number
  /** The nearest centroid of each of `rows` vectors; `ids` only name a faulty row in the error. */
  assign(vectors: Float32Array, rows: number, ids?: readonly string[]): Nearest
  /** Puts the same number of other centroids in place. */
  move(centroids: Float32Array): void
}

/** Where rows are ranked, by the kind that is asked for. */
export function openRank(shape: RankShape, kind: 'simd' | 'plain') {
  return kind === 'simd' ? simdRank(shape) : plainRank(shape)
}

/** The kind of arithmetic this machine is best at. */
export function bestKind(): 'simd' | 'plain' {
  return simdAvailable() ? 'simd' : 'plain'
}

/**
 * Finds nearest centroids by the largest x·c − ‖c‖²/2, each dot product summed in single precision in the order of the
 * dimensions; 16-bit integers decide first where they can prove that they find the same. `centroids` is k × dimensions;
 * with none there is nothing to assign. A centroid or a vector that holds a NaN, an Infinity or a squared norm from
 * 2^124 up is a CorruptInputError.
 */
export function nearestCentroid(
  centroids: Float32Array,
  dimensions: number,
  { kind = bestKind() }: KernelOptions = {},
): NearestCentroid {
  const k = rowCount(centroids, dimensions, 'centroids')
  const backend = openRank({ capacity: k, dimensions, measure: 'distance' }, kind)
  const move = (next: Float32Array) => {
    if (next.length !== k * dimensions) {
      throw new TypeError(`Expected ${k} centroids of ${dimensions} dimensions, got ${next.length} numbers`)
    }
    requireFinite(next, dimensions, (c) => `centroid ${c}`)
    backend.put(0, next)
  }
  move(centroids)
  return {
    kind,
    k,
    move,
    assign(vectors, rows, ids) {
      if (k === 0 && rows > 0) throw new TypeError(`Expected at least one centroid for ${rows} vectors, got none`)
      const { labels, values, second } = rankRows(backend, k, { vectors, rows, dimensions, ids })
      return { labels, distances: values, second }
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
  { kind = bestKind() }: KernelOptions = {},
): DistanceBackend {
  const rows = rowCount(vectors, dimensions, 'vectors')
  // A WebAssembly memory ends at 4 GiB, padding included; what may not fit is measured where it lies.
  return kind === 'simd' && vectors.byteLength <= 2 ** 29
    ? simdDistances(vectors, rows, dimensions)
    : plainDistances(vectors, rows, dimensions)
}
