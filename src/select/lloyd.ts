import { nextTurn } from '../stream/turn.js'
import { type ClusterSums, clusterSums } from './kernel/cluster-sums.js'
import { type NearestCentroid, nearestCentroid } from './kernel/nearest.js'
import type { WeightedRows } from './weighted-rows.js'

/** Rows between two looks at the signal: some hundredths of a second. */
const sliceRows = 8192

/** How far beyond the mean a centroid goes, in shares of its way there. */
const overshoot = 0.7

export type Solved = {
  readonly centroids: Float32Array
  readonly iterations: number
  /** The centroid that each row was counted to last. */
  readonly labels: Uint32Array
}

export type LloydOptions = {
  iterations: number
  /** What the given centroids are: rows, to begin with, or means already, of fewer rows. */
  from?: 'rows' | 'means'
  /** Whether the centroids are to be means in the end, as they are unless more iterations over more rows follow. */
  isLast?: boolean
  signal?: AbortSignal | undefined
}

/**
 * Weighted Lloyd iterations from given centroids, until no label changes or `iterations` are done. All but the first from
 * rows and the last go beyond the means (successive over-relaxation, as of any fixed point), which takes five to where
 * eight without come. Rows that cannot have changed their centroid are not looked at (Hamerly 2010); the result is that of looking at all.
 */
export async function lloyd(
  rows: WeightedRows,
  seeds: Float32Array,
  { iterations, from = 'rows', isLast = true, signal }: LloydOptions,
): Promise<Solved> {
  const { dimensions } = rows
  const kernel = nearestCentroid(seeds, dimensions)
  const bounds = createBounds(rows, kernel)
  const clusters = clusterSums(kernel.k, dimensions)
  let centroids = seeds
  let changed = await bounds.assign(centroids, signal)
  let done = 0
  for (let isPlain = false; done < iterations && (done === 0 || changed || !isPlain); ) {
    isPlain = (done === 0 && from === 'rows') || (done === iterations - 1 && isLast) || !changed
    const next = means(rows, bounds.labels, centroids, clusters)
    if (!isPlain) for (let at = 0; at < next.length; at++) next[at]! += overshoot * (next[at]! - centroids[at]!)
    bounds.shift(centroids, next)
    centroids = next
    // Behind the last means nobody asks for labels, and they are all the work there is.
    if (++done === iterations) break
    kernel.move(centroids)
    changed = await bounds.assign(centroids, signal)
  }
  return { centroids, iterations: done, labels: bounds.labels }
}

/**
 * Labels of all rows, with an upper bound of each row's distance to its own centroid and a lower bound of that to any
 * other. A row is looked at again when the two come so near that rounding may decide.
 */
function createBounds({ ids, vectors, dimensions }: WeightedRows, kernel: NearestCentroid) {
  const labels = new Uint32Array(ids.length)
  const upper = new Float64Array(ids.length).fill(Number.POSITIVE_INFINITY)
  const lower = new Float64Array(ids.length)
  const gathered = new Float32Array(Math.min(sliceRows, ids.length) * dimensions)
  const open = new Uint32Array(Math.min(sliceRows, ids.length))

  const look = (count: number): boolean => {
    const [first = 0, last = 0] = [open[0], open[count - 1]]
    const isRun = last - first === count - 1
    for (let n = 0; n < count && !isRun; n++) {
      gathered.set(vectors.subarray(open[n]! * dimensions, (open[n]! + 1) * dimensions), n * dimensions)
    }
    const found = kernel.assign(isRun ? vectors.subarray(first * dimensions) : gathered, count)
    let changed = false
    for (let n = 0; n < count; n++) {
      const row = open[n]!
      changed ||= labels[row] !== found.labels[n]
      labels[row] = found.labels[n]!
      upper[row] = Math.sqrt(found.distances[n]!)
      lower[row] = Math.sqrt(found.second[n]!)
    }
    return changed
  }

  return {
    labels,
    /** Looks at every row whose bounds leave a doubt; tells whether a label changed. */
    async assign(centroids: Float32Array, signal?: AbortSignal): Promise<boolean> {
      const longest = Math.sqrt(
        squaredLengths(centroids, dimensions).reduce((most, square) => Math.max(most, square), 0),
      )
      // What the kernel's single-precision sums may be off by, as a share of the squares of the lengths they are of.
      const rounding = 8 * (dimensions + 16) * 2 ** -24
      let changed = false
      for (let start = 0; start < ids.length; start += sliceRows) {
        await nextTurn(signal)
        let count = 0
        for (let row = start; row < Math.min(start + sliceRows, ids.length); row++) {
          const sure = upper[row]! ** 2 + rounding * (upper[row]! + longest) ** 2
          if (!(lower[row]! > 0 && sure < lower[row]! ** 2)) open[count++] = row
        }
        if (look(count)) changed = true
      }
      return changed
    },
    /** Widens the bounds by how far the centroids went. */
    shift(before: Float32Array, after: Float32Array): void {
      const went = squaredLengths(
        after.map((value, at) => value - before[at]!),
        dimensions,
      ).map(Math.sqrt)
      const farthest = went.indexOf(Math.max(...went))
      const most = went[farthest] ?? 0
      const nextMost = went.reduce((far, way, c) => (c === farthest ? far : Math.max(far, way)), 0)
      for (let row = 0; row < ids.length; row++) {
        upper[row]! += went[labels[row]!]!
        lower[row]! -= labels[row] === farthest ? nextMost : most
      }
    },
  }
}

function squaredLengths(vectors: Float32Array, dimensions: number): Float64Array {
  const squares = new Float64Array(vectors.length / dimensions)
  for (let row = 0, at = 0; row < squares.length; row++) {
    for (const end = at + dimensions; at < end; at++) squares[row]! += vectors[at]! * vectors[at]!
  }
  return squares
}

/** Weighted means of the clusters; an empty one moves to the row that costs most. */
function means(rows: WeightedRows, labels: Uint32Array, before: Float32Array, clusters: ClusterSums): Float32Array {
  const { vectors, weights, dimensions } = rows
  const masses = new Float64Array(before.length / dimensions)
  for (let row = 0; row < labels.length; row++) masses[labels[row]!]! += weights[row]!
  clusters.clear()
  clusters.add(vectors, labels, weights)
  const sums = clusters.read()
  const centroids = new Float32Array(before.length)
  let left: Float64Array | undefined
  for (let c = 0; c < masses.length; c++) {
    const at = c * dimensions
    if (masses[c]! > 0) for (let d = 0; d < dimensions; d++) centroids[at + d] = sums[at + d]! / masses[c]!
    else {
      left ??= costs(rows, labels, before)
      const row = costliest(left)
      const source = row < 0 ? before.subarray(at) : vectors.subarray(row * dimensions)
      centroids.set(source.subarray(0, dimensions), at)
      left[row] = 0
    }
  }
  return centroids
}

/** Weighted squared distances of the rows from their centroids. */
export function costs({ vectors, weights, dimensions }: WeightedRows, labels: Uint32Array, centroids: Float32Array) {
  const found = new Float64Array(weights.length)
  for (let row = 0; row < found.length; row++) {
    const from = row * dimensions
    const to = labels[row]! * dimensions
    let sum = 0
    for (let d = 0; d < dimensions; d++) {
      const gap = vectors[from + d]! - centroids[to + d]!
      sum += gap * gap
    }
    found[row] = weights[row]! * sum
  }
  return found
}

/** The row that costs most, the first on ties; −1 where none costs anything. */
function costliest(costs: Float64Array): number {
  let found = -1
  for (let row = 0; row < costs.length; row++) if (costs[row]! > (found < 0 ? 0 : costs[found]!)) found = row
  return found
}
