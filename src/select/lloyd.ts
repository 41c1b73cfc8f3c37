import { createBounds } from './bounds.js'
import { type ClusterSums, clusterSums } from './kernel/cluster-sums.js'
import type { Matrix } from './kernel/matrix.js'
import type { WeightedRows } from './weighted-rows.js'

/** How far beyond the mean a centroid goes, in shares of its way there. */
const overshoot = 0.7

export type Solved = {
  readonly centroids: Float32Array
  readonly iterations: number
  /** The centroid that each row was counted to last. */
  readonly labels: Uint32Array
}

export type LloydOptions = {
  /** The rows' vectors, with room for as many centroids as are given. */
  matrix: Matrix
  /** The numbers of the rows to go by, ascending; default all. */
  only?: Uint32Array | undefined
  iterations: number
  /** What the given centroids are: rows, to begin with, or means already, of fewer rows. */
  from?: 'rows' | 'means'
  /** Whether the centroids are to be means in the end, as they are unless more iterations over more rows follow. */
  isLast?: boolean
  signal?: AbortSignal | undefined
}

/** Some rows, all of them where `only` does not say which. */
type SomeRows = Omit<WeightedRows, 'ids'> & { readonly only: Uint32Array | undefined }

/**
 * Weighted Lloyd iterations from given centroids, until no label changes or `iterations` are done. All but the first from
 * rows and the last go beyond the means (successive over-relaxation, as of any fixed point), which takes five to where
 * eight without come. Rows that cannot have changed their centroid are not looked at; the result is that of looking at all.
 */
export async function lloyd(
  { weights, dimensions }: WeightedRows,
  seeds: Float32Array,
  { matrix, only, iterations, from = 'rows', isLast = true, signal }: LloydOptions,
): Promise<Solved> {
  const rows = { vectors: matrix.vectors, weights, dimensions, only }
  const bounds = createBounds({ matrix, dimensions, only, signal })
  const clusters = clusterSums(seeds.length / dimensions, dimensions)
  let centroids = seeds
  let changed = await bounds.assign(centroids)
  let done = 0
  for (let isPlain = false; done < iterations && (done === 0 || changed || !isPlain); ) {
    isPlain = (done === 0 && from === 'rows') || (done === iterations - 1 && isLast) || !changed
    const next = means(rows, bounds.labels, centroids, clusters)
    if (!isPlain) for (let at = 0; at < next.length; at++) next[at]! += overshoot * (next[at]! - centroids[at]!)
    bounds.shift(centroids, next)
    centroids = next
    // Behind the last means nobody asks for labels, and they are all the work there is.
    if (++done === iterations) break
    changed = await bounds.assign(centroids)
  }
  return { centroids, iterations: done, labels: bounds.labels }
}

/** Weighted means of the clusters; an empty one moves to the row that costs most. */
function means(rows: SomeRows, labels: Uint32Array, before: Float32Array, clusters: ClusterSums): Float32Array {
  const { vectors, weights, dimensions, only } = rows
  const masses = new Float64Array(before.length / dimensions)
  for (let row = 0; row < labels.length; row++) masses[labels[row]!]! += weights[only?.[row] ?? row]!
  clusters.clear()
  clusters.add(vectors, labels, weights, only)
  const sums = clusters.read()
  const centroids = new Float32Array(before.length)
  let left: Float64Array | undefined
  for (let c = 0; c < masses.length; c++) {
    const at = c * dimensions
    if (masses[c]! > 0) for (let d = 0; d < dimensions; d++) centroids[at + d] = sums[at + d]! / masses[c]!
    else {
      left ??= costs(rows, labels, before)
      const row = costliest(left)
      const source = row < 0 ? before.subarray(at) : vectors.subarray((only?.[row] ?? row) * dimensions)
      centroids.set(source.subarray(0, dimensions), at)
      left[row] = 0
    }
  }
  return centroids
}

/** Weighted squared distances of the rows from their centroids. */
export function costs({ vectors, weights, dimensions, only }: SomeRows, labels: Uint32Array, centroids: Float32Array) {
  const found = new Float64Array(labels.length)
  for (let row = 0; row < found.length; row++) {
    const number = only?.[row] ?? row
    const from = number * dimensions
    const to = labels[row]! * dimensions
    let sum = 0
    for (let d = 0; d < dimensions; d++) {
      const gap = vectors[from + d]! - centroids[to + d]!
      sum += gap * gap
    }
    found[row] = weights[number]! * sum
  }
  return found
}

/** The row that costs most, the first on ties; −1 where none costs anything. */
function costliest(costs: Float64Array): number {
  let found = -1
  for (let row = 0; row < costs.length; row++) if (costs[row]! > (found < 0 ? 0 : costs[found]!)) found = row
  return found
}
