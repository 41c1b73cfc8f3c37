import { tileRows } from './backend.js'
import { copyRows, instantiate, layout } from './memory.js'
import { bestKind, type KernelOptions } from './nearest.js'

export type ClusterSumsOptions = KernelOptions & {
  /** Rounds every number before it is added to a multiple of this power of two; default 0, no rounding. */
  grid?: number
}

/** Sums of the vectors of k clusters, in double precision. */
export type ClusterSums = {
  /**
   * Adds the first vectors, or those whose numbers `only` has, to the clusters of their labels, in that order. `weights`, one
   * for each of `vectors`, default to 1.
   */
  add(vectors: Float32Array, labels: Uint32Array, weights?: Float64Array, only?: Uint32Array): void
  /** A copy of the sums, k × dimensions. */
  read(): Float64Array
  clear(): void
}

/** Adds vectors up by cluster; both kinds give the same bits. */
export function clusterSums(
  k: number,
  dimensions: number,
  { kind = bestKind(), grid = 0 }: ClusterSumsOptions = {},
): ClusterSums {
  // Adding and taking away 1.5 · 2^52 grid steps leaves a multiple of the grid, rounded to nearest.
  const shift = 1.5 * 2 ** 52 * grid
  return kind === 'simd' ? simdSums(k, dimensions, shift) : plainSums(k, dimensions, shift)
}

function simdSums(k: number, dimensions: number, shift: number): ClusterSums {
  const stride = Math.ceil(dimensions / 4) * 4
  const take = layout()
  const at = {
    vectors: take(tileRows * stride * 4),
    labels: take(tileRows * 4),
    weights: take(tileRows * 8),
    sums: take(k * stride * 8),
  }
  const { exports, buffer } = instantiate(take(0))
  const tile = new Float32Array(buffer, at.vectors, tileRows * stride)
  const tileLabels = new Uint32Array(buffer, at.labels, tileRows)
  const tileWeights = new Float64Array(buffer, at.weights, tileRows)
  const sums = new Float64Array(buffer, at.sums, k * stride)
  return {
    add(vectors, labels, weights, only) {
      for (let row = 0; row < labels.length; row += tileRows) {
        const rows = Math.min(tileRows, labels.length - row)
        const some = only?.subarray(row, row + rows)
        copyRows(some ? vectors : vectors.subarray(row * dimensions), rows, dimensions, tile, stride, some)
        tileLabels.set(labels.subarray(row, row + rows))
        for (let r = 0; r < rows; r++) tileWeights[r] = weights ? weights[some?.[r] ?? row + r]! : 1
        exports.addToClusters(at.vectors, rows, stride * 4, at.labels, at.weights, shift, at.sums)
      }
    },
    read() {
      const read = new Float64Array(k * dimensions)
      for (let c = 0; c < k; c++) read.set(sums.subarray(c * stride, c * stride + dimensions), c * dimensions)
      return read
    },
    clear: () => sums.fill(0),
  }
}

function plainSums(k: number, dimensions: number, shift: number): ClusterSums {
  const sums = new Float64Array(k * dimensions)
  return {
    add(vectors, labels, weights, only) {
      for (let row = 0; row < labels.length; row++) {
        const number = only?.[row] ?? row
        const weight = weights?.[number] ?? 1
        const from = number * dimensions
        const to = labels[row]! * dimensions
        for (let d = 0; d < dimensions; d++) sums[to + d]! += vectors[from + d]! * weight + shift - shift
      }
    },
    read: () => sums.slice(),
    clear: () => sums.fill(0),
  }
}
