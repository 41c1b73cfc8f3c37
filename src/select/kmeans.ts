import { closing } from '../stream/closing.js'
import { type Matrix, openMatrix } from './kernel/matrix.js'
import { requireFinite } from './kernel/rows.js'
import { costs, lloyd } from './lloyd.js'
import { seedCentroids } from './seeding.js'
import { inIdOrder, thinnedRows, type WeightedRows } from './weighted-rows.js'

export type KmeansOptions = {
  ids: readonly string[]
  /** Row-major, ids.length × dimensions. */
  vectors: Float32Array
  /** What each row stands for; default 1 each. */
  weights?: Float64Array
  dimensions: number
  /** Clusters asked for. */
  k: number
  seed: number
  /**
   * Most Lloyd iterations, all of them over all rows. By default three over a quarter of the rows and two over half of them
   * come before three over all, or five over all where they are few; and three more over all where rows times k is small.
   */
  iterations?: number
  /** Threads that look for nearest centroids side by side, this one among them; default 1. No bit depends on it. */
  workers?: number | undefined
  /** Looked at some times a second. */
  signal?: AbortSignal
}

export type Kmeans = {
  /** k × dimensions. */
  readonly centroids: Float32Array
  /** Clusters found: fewer than asked for when there are fewer distinct vectors. */
  readonly k: number
  readonly asked: number
  /** Lloyd iterations done over all rows; under the most allowed when no label changed any more. */
  readonly iterations: number
  /**
   * Weighted sum of squared distances of the rows from the centroids that they made up: that to the nearest centroid where
   * no label changed any more, and else a little above it.
   */
  readonly inertia: number
}

/** Iterations over a share of the rows, one share after another, where a quarter has rows enough for each cluster. */
const shares = [
  { share: 1 / 4, iterations: 3 },
  { share: 1 / 2, iterations: 2 },
]
const fewest = 12
const last = { afterShares: 3, alone: 5 }
/** Up to so many pairs of a row and a centroid, an iteration takes some hundredths of a second, and more are done. */
const fewPairs = 2 ** 23
const cheapIterations = 3

/**
 * Weighted k-means: k-means++ on max(10,000, 12 k) rows, then Lloyd on a quarter, half and all of them. Centroids depend on the set of rows and the
 * seed alone, not on the rows' order. No rows give no centroids; a vector that is not finite is a CorruptInputError.
 */
export async function kmeans(options: KmeansOptions): Promise<Kmeans> {
  const { ids, vectors, weights, dimensions, k, workers } = options
  if (!Number.isInteger(k) || k < 1) throw new TypeError(`Expected \`k\` to be an integer from 1 up, got \`${k}\``)
  const rows = inIdOrder({ ids, vectors, weights: weights ?? new Float64Array(ids.length).fill(1), dimensions })
  if (ids.length === 0) return { centroids: new Float32Array(0), k: 0, asked: k, iterations: 0, inertia: 0 }
  requireFinite(rows.vectors, dimensions, (row) => rows.ids[row]!)
  const matrix = openMatrix(rows.vectors, dimensions, { capacity: Math.min(k, ids.length), workers })
  return closing(matrix, () => solve(rows, matrix, options))
}

async function solve(
  rows: WeightedRows,
  matrix: Matrix,
  { k, seed, iterations, workers, signal }: KmeansOptions,
): Promise<Kmeans> {
  const { ids, dimensions } = rows
  const sample = Math.max(10_000, fewest * k)
  let centroids = await seedCentroids(rows, Math.min(k, ids.length), { seed, sample, workers, signal })
  const inShares = iterations === undefined && ids.length >= (fewest * k) / shares[0]!.share
  let from: 'rows' | 'means' = 'rows'
  for (const { share, iterations } of inShares ? shares : []) {
    const only = thinnedRows(ids, Math.ceil(share * ids.length), { seed, use: 'k-means' })
    centroids = (await lloyd(rows, centroids, { matrix, only, iterations, from, isLast: false, signal })).centroids
    from = 'means'
  }
  const cheap = ids.length * k <= fewPairs ? cheapIterations : 0
  const most = iterations ?? cheap + (inShares ? last.afterShares : last.alone)
  const { labels, ...solved } = await lloyd(rows, centroids, { matrix, iterations: most, from, signal })
  const inertia = costs({ ...rows, only: undefined }, labels, solved.centroids).reduce((sum, cost) => sum + cost, 0)
  return { ...solved, inertia, k: centroids.length / dimensions, asked: k }
}
