import { type Nearest, nearestCentroid } from './kernel/nearest.js'
import { requireFinite } from './kernel/rows.js'
import { seedCentroids } from './seeding.js'
import { inIdOrder, type WeightedRows } from './weighted-rows.js'

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
export function kmeans({ ids, vectors, weights, dimensions, k, seed, iterations = 8 }: KmeansOptions): Kmeans {
  if (!Number.isInteger(k) || k < 1) throw new TypeError(`Expected \`k\` to be an integer from 1 up, got \`${k}\``)
  const rows = inIdOrder({ ids, vectors, weights: weights ?? new Float64Array(ids.length).fill(1), dimensions })
  if (ids.length === 0) return { centroids: new Float32Array(0), k: 0, asked: k, iterations: 0, inertia: 0 }
  requireFinite(rows.vectors, dimensions, (row) => rows.ids[row]!)
  const seeds = seedCentroids(rows, Math.min(k, ids.length), seed, Math.max(10_000, 12 * k))
  return { ...lloyd(rows, seeds, iterations), k: seeds.length / dimensions, asked: k }
}

/** Lloyd's iterations from given centroids, until no label changes or `iterations` are done. */
function lloyd(rows: WeightedRows, seeds: Float32Array, iterations: number) {
  const { ids, vectors, weights, dimensions } = rows
  const kernel = nearestCentroid(seeds, dimensions)
  let centroids = seeds
  let found = kernel.assign(vectors, ids.length, ids)
  let done = 0
  for (let changed = true; changed && done < iterations; done++) {
    centroids = means(rows, found, centroids)
    kernel.move(centroids)
    const next = kernel.assign(vectors, ids.length, ids)
    changed = next.labels.some((label, row) => label !== found.labels[row])
    found = next
  }
  let inertia = 0
  for (let row = 0; row < ids.length; row++) inertia += weights[row]! * found.distances[row]!
  return { centroids, iterations: done, inertia }
}

/** Weighted means of the clusters; an empty one moves to the row that costs most. */
function means(rows: WeightedRows, { labels, distances }: Nearest, before: Float32Array): Float32Array {
  const { vectors, weights, dimensions } = rows
  const sums = new Float64Array(before.length)
  const masses = new Float64Array(before.length / dimensions)
  for (let row = 0; row < labels.length; row++) {
    const weight = weights[row]!
    const from = row * dimensions
    const to = labels[row]! * dimensions
    masses[labels[row]!]! += weight
    for (let d = 0; d < dimensions; d++) sums[to + d]! += weight * vectors[from + d]!
  }
  const centroids = new Float32Array(before.length)
  const taken = new Set<number>()
  masses.forEach((mass, c) => {
    const at = c * dimensions
    if (mass > 0) for (let d = 0; d < dimensions; d++) centroids[at + d] = sums[at + d]! / mass
    else {
      const row = costliest(weights, distances, taken)
      const source = row < 0 ? before.subarray(at, at + dimensions) : vectors.subarray(row * dimensions)
      centroids.set(source.subarray(0, dimensions), at)
      taken.add(row)
    }
  })
  return centroids
}

/** The row with the greatest weighted squared distance that is not taken, the first on ties; −1 where all cost nothing. */
function costliest(weights: Float64Array, distances: Float32Array, taken: ReadonlySet<number>): number {
  let most = 0
  let found = -1
  for (let row = 0; row < weights.length; row++) {
    const cost = weights[row]! * distances[row]!
    if (cost > most && !taken.has(row)) {
      most = cost
      found = row
    }
  }
  return found
}
