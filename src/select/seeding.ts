import { nextTurn } from '../stream/turn.js'
import { uniform } from '../text/hash.js'
import { distancesFrom } from './kernel/nearest.js'
import { thinRows, type WeightedRows } from './weighted-rows.js'

export type SeedingOptions = {
  seed: number
  /** Rows to draw from. */
  sample: number
  signal?: AbortSignal | undefined
}

/** Centroids between two looks at the signal. */
const centroidsAtOnce = 16

/**
 * Weighted k-means++ (Arthur and Vassilvitskii 2007): the first centroid is drawn by weight, each further one by weight
 * times squared distance to the nearest so far. It draws from `sample` rows and from all of them where those hold too
 * few distinct ones. Gives k × dimensions numbers, fewer than k rows when there are no more distinct vectors.
 */
export async function seedCentroids(
  rows: WeightedRows,
  k: number,
  { seed, sample, signal }: SeedingOptions,
): Promise<Float32Array> {
  const drawn = await draw(thinRows(rows, sample, { seed, use: 'seeding' }), k, seed, signal)
  return drawn.length === k * rows.dimensions || sample >= rows.ids.length ? drawn : draw(rows, k, seed, signal)
}

async function draw(
  { vectors, weights, dimensions }: WeightedRows,
  k: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const rows = weights.length
  const distances = distancesFrom(vectors, dimensions)
  const centroids = new Float32Array(k * dimensions)
  const nearest = new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
  const cumulated = new Float64Array(rows)
  // Before there is a centroid, every row is equally far.
  let total = 0
  for (let row = 0; row < rows; row++) {
    total += weights[row]!
    cumulated[row] = total
  }
  for (let c = 0; c < k; c++) {
    if (c % centroidsAtOnce === 0) await nextTurn(signal)
    if (total === 0) return centroids.slice(0, c * dimensions)
    const row = firstAbove(cumulated, uniform(seed, String(c), 'k-means++') * total)
    const centre = vectors.subarray(row * dimensions, (row + 1) * dimensions)
    centroids.set(centre, c * dimensions)
    const found = distances(centre)
    total = 0
    for (let r = 0; r < rows; r++) {
      if (found[r]! < nearest[r]!) nearest[r] = found[r]!
      total += weights[r]! * nearest[r]!
      cumulated[r] = total
    }
  }
  return centroids
}

/** The first place whose value is above `bound`: never a row that adds nothing to the sum, such as a chosen one. */
function firstAbove(ascending: Float64Array, bound: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! > bound) high = middle
    else low = middle + 1
  }
  return low
}
