import { requireFinite } from './kernel/rows.js'
import { lloyd } from './lloyd.js'
import { seedCentroids } from './seeding.js'
import { inIdOrder } from './weighted-rows.js'

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
  /** Most Lloyd iterations; more of them fit a coreset better and its corpus worse; default 8. */
  iterations?: number
  /** Looked at some times a second. */
  signal?: AbortSignal
}

export type Kmeans = {
  /** k × dimensions. */
  readonly centroids: Float32Array
  /** Clusters found: fewer than asked for when there are fewer distinct vectors. */
  readonly k: number
  readonly asked: number
  /** Lloyd iterations done; under the most allowed when no label changed any more. */
  readonly iterations: number
  /** Weighted sum of squared distances to the nearest centroid. */
  readonly inertia: number
}

/**
 * Weighted k-means: k-means++ on max(10,000, 12 k) rows, then Lloyd on all. Centroids depend on the set of rows and the
 * seed alone, not on the rows' order. No rows give no centroids; a vector that is not finite is a CorruptInputError.
 */
export async function kmeans({
  ids,
  vectors,
  weights,
  dimensions,
  k,
  seed,
  iterations = 8,
  signal,
}: KmeansOptions): Promise<Kmeans> {
  if (!Number.isInteger(k) || k < 1) throw new TypeError(`Expected \`k\` to be an integer from 1 up, got \`${k}\``)
  const rows = inIdOrder({ ids, vectors, weights: weights ?? new Float64Array(ids.length).fill(1), dimensions })
  if (ids.length === 0) return { centroids: new Float32Array(0), k: 0, asked: k, iterations: 0, inertia: 0 }
  requireFinite(rows.vectors, dimensions, (row) => rows.ids[row]!)
  const sample = Math.max(10_000, 12 * k)
  const seeds = await seedCentroids(rows, Math.min(k, ids.length), { seed, sample, signal })
  return { ...(await lloyd(rows, seeds, { iterations, signal })), k: seeds.length / dimensions, asked: k }
}
