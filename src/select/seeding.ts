import { closing } from '../stream/closing.js'
import { uniform } from '../text/hash.js'
import { type Matrix, openMatrix } from './kernel/matrix.js'
import { thinRows, type WeightedRows } from './weighted-rows.js'

export type SeedingOptions = {
  seed: number
  /** Rows to draw from, which are copied where they are not all. */
  sample: number
  workers?: number | undefined
  signal?: AbortSignal | undefined
}

/** Most centroids drawn before the distances of all rows are brought up to date, and their share of those there are. */
const seedsAtOnce = 64
const shareAtOnce = 1 / 4

/**
 * Weighted k-means++ (Arthur and Vassilvitskii 2007): the first centroid is drawn by weight, each further one by weight
 * times squared distance to the nearest so far. It draws from `sample` rows and from all of them where those hold too
 * few distinct ones. Gives k × dimensions numbers, fewer than k rows when there are no more distinct vectors.
 */
export async function seedCentroids(rows: WeightedRows, k: number, options: SeedingOptions): Promise<Float32Array> {
  const thinned = thinRows(rows, options.sample, { seed: options.seed, use: 'seeding' })
  const drawn = await drawFrom(thinned, k, options)
  return drawn.length === k * rows.dimensions || thinned === rows ? drawn : drawFrom(rows, k, options)
}

function drawFrom(rows: WeightedRows, k: number, options: SeedingOptions): Promise<Float32Array> {
  const matrix = openMatrix(rows.vectors, rows.dimensions, { capacity: seedsAtOnce, workers: options.workers })
  return closing(matrix, () => draw(rows, k, matrix, options))
}

/**
 * Draws by rejection: a row by its distance to the centroids of some time ago, which is kept with the share of it that is
 * left. That is a draw by today's distances, which all rows then need not know each time.
 */
async function draw(
  { vectors, weights, dimensions }: WeightedRows,
  k: number,
  matrix: Matrix,
  { seed, signal }: SeedingOptions,
): Promise<Float32Array> {
  const count = weights.length
  const centroids = new Float32Array(k * dimensions)
  // Before there is a centroid, every row is equally far.
  const nearest = new Float64Array(count).fill(1)
  const cumulated = new Float64Array(count)
  let [drawn, settled, refused] = [0, 0, 0]
  for (let turn = 0; ; turn++) {
    const atOnce = Math.max(1, Math.min(seedsAtOnce, Math.floor(settled * shareAtOnce)))
    if (turn === 0 || drawn - settled === atOnce || refused === atOnce || drawn === k) {
      if (drawn === k) return centroids
      if (drawn > settled) {
        const added = centroids.slice(settled * dimensions, drawn * dimensions)
        const { distances } = await matrix.nearest(added, { signal })
        for (let r = 0; r < count; r++) {
          if (settled === 0 || distances[r]! < nearest[r]!) nearest[r] = distances[r]!
        }
      }
      settled = drawn
      refused = 0
      if (cumulate(cumulated, nearest, weights) === 0) return centroids.slice(0, drawn * dimensions)
    }
    const at = firstAbove(cumulated, uniform(seed, String(turn), 'k-means++') * cumulated[count - 1]!)
    const vector = vectors.subarray(at * dimensions, (at + 1) * dimensions)
    const left = leastSquare(vector, centroids.subarray(settled * dimensions, drawn * dimensions), nearest[at]!)
    if (drawn === settled || uniform(seed, String(turn), 'k-means++ kept') * nearest[at]! < left) {
      centroids.set(vector, drawn++ * dimensions)
    } else refused++
  }
}

/** Running sums of weight × distance; gives the last. */
function cumulate(sums: Float64Array, distances: Float64Array, weights: Float64Array): number {
  let total = 0
  for (let r = 0; r < sums.length; r++) {
    total += weights[r]! * distances[r]!
    sums[r] = total
  }
  return total
}

/** The least of `bound` and the squared distances of a vector from some centroids. */
function leastSquare(vector: Float32Array, centroids: Float32Array, bound: number): number {
  let least = bound
  for (let from = 0; from < centroids.length; from += vector.length) {
    let sum = 0
    for (let d = 0; d < vector.length; d++) sum += (vector[d]! - centroids[from + d]!) ** 2
    if (sum < least) least = sum
  }
  return least
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
