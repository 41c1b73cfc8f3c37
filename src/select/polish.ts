import { CorruptInputError, UsageError } from '../stream/errors.js'
import { decodeArtifact, encodeArtifact } from './artifact.js'
import { type ClusterSums, clusterSums } from './kernel/cluster-sums.js'
import { type NearestCentroid, nearestCentroid } from './kernel/nearest.js'
import { rowCount } from './kernel/rows.js'

export type PolishOptions = {
  /** k × dimensions, the same in every polish that is merged. */
  centroids: Float32Array
  dimensions: number
}

export type Polished = {
  /** The means of the clusters; one that no row fell to stays where it was. */
  readonly centroids: Float32Array
  /** Rows of each cluster. */
  readonly counts: Float64Array
  /** Sum of squared distances from the centroids before the step. */
  readonly inertia: number
  /** Whether the sums stayed within the range where they are exact, and so free of order. */
  readonly exact: boolean
}

/** Sums of one exact Lloyd step over any number of rows, in memory for k × dimensions sums. */
export type Polish = {
  push(vectors: Float32Array, ids?: readonly string[]): void
  merge(other: Pick<Polish, 'sums'>): void
  finish(): Polished
  encode(): Buffer
  sums(): Sums
}

/** `sums` is k × dimensions, `counts` k, and `totals` the inertia and the longest reach of a vector. */
type Sums = { readonly sums: Float64Array; readonly counts: Float64Array; readonly totals: Float64Array }

/**
 * Starts one Lloyd step over all the data. Each coordinate is rounded to a fixed grid, 2^-26 of the scale of the
 * centroids, before it is added, so that double-precision sums carry no error: results are bit-identical under any
 * batching, order and grouping of pushes and merges as long as `exact` says so (some 2^26 rows a cluster). Beyond that
 * they are as good as any double-precision sum, and equal only for the same grouping in the same order.
 */
export function createPolish({ centroids, dimensions }: PolishOptions): Polish {
  const k = rowCount(centroids, dimensions, 'centroids')
  const grid = gridOf(centroids, dimensions)
  const counts = new Float64Array(k)
  const totals = new Float64Array(2)
  // One that only merges needs no kernel, and one that only takes rows no second sums.
  let own: { kernel: NearestCentroid; clusters: ClusterSums } | undefined
  let merged: Float64Array | undefined
  const open = () => {
    own ??= {
      kernel: nearestCentroid(centroids, dimensions),
      clusters: clusterSums(k, dimensions, { grid: grid.coordinate }),
    }
    return own
  }
  /** What was pushed and what was merged, together. */
  const sums = (): Sums => {
    const all = own?.clusters.read() ?? new Float64Array(centroids.length)
    for (let at = 0; merged !== undefined && at < all.length; at++) all[at]! += merged[at]!
    return { sums: all, counts, totals }
  }

  return {
    sums,
    push(vectors, ids) {
      const rows = rowCount(vectors, dimensions, 'vectors')
      const { kernel, clusters } = open()
      const { labels, distances } = kernel.assign(vectors, rows, ids)
      clusters.add(vectors, labels)
      for (let row = 0; row < rows; row++) {
        counts[labels[row]!]! += 1
        totals[0]! += onGrid(distances[row]!, grid.distance)
        totals[1] = Math.max(totals[1]!, grid.longest + Math.sqrt(distances[row]!))
      }
    },
    merge(other) {
      merged ??= new Float64Array(centroids.length)
      add({ sums: merged, counts, totals }, other.sums())
    },
    finish: () => settle(sums(), centroids, dimensions, grid),
    encode: () => encodeArtifact('polish', { dimensions }, [sums().sums, counts, totals]),
  }
}

function add(mine: Sums, theirs: Sums): void {
  if (theirs.sums.length !== mine.sums.length || theirs.counts.length !== mine.counts.length) {
    const shape = ({ sums, counts }: Sums) => `${counts.length} clusters and ${sums.length} coordinates`
    throw new UsageError(`Expected sums of ${shape(mine)}, got ${shape(theirs)}`, {
      fix: 'Merge only polishes of the same centroids.',
    })
  }
  theirs.sums.forEach((sum, at) => {
    mine.sums[at]! += sum
  })
  theirs.counts.forEach((count, c) => {
    mine.counts[c]! += count
  })
  mine.totals[0]! += theirs.totals[0]!
  mine.totals[1] = Math.max(mine.totals[1]!, theirs.totals[1]!)
}

function settle({ sums, counts, totals }: Sums, centroids: Float32Array, dimensions: number, grid: Grid): Polished {
  const [inertia = 0, reach = 0] = totals
  const moved = centroids.map((value, at) => {
    const count = counts[Math.floor(at / dimensions)]!
    return count > 0 ? sums[at]! / count : value
  })
  // Multiples of a grid add up exactly below 2^53 steps of it, and no sum on the way is longer than this bound.
  const largest = counts.reduce((most, count) => Math.max(most, count), 0)
  const exact = largest * reach < 2 ** 53 * grid.coordinate && inertia < 2 ** 53 * grid.distance
  return { centroids: moved, counts: counts.slice(), inertia, exact }
}

/** Reads what a polish's `encode` gave, to be merged or finished. Damaged bytes are a CorruptInputError. */
export function decodePolish(buffer: Uint8Array, { centroids, dimensions }: PolishOptions): Polish {
  const [sums, counts, totals] = decodeArtifact('polish', buffer).parts
  if (!(sums instanceof Float64Array && counts instanceof Float64Array && totals instanceof Float64Array)) {
    throw new CorruptInputError('Expected a polish to hold sums, counts and totals')
  }
  const polish = createPolish({ centroids, dimensions })
  polish.merge({ sums: () => ({ sums, counts, totals }) })
  return polish
}

/** The steps that coordinates and squared distances are rounded to, and the length of the longest centroid. */
type Grid = { readonly longest: number; readonly coordinate: number; readonly distance: number }

function gridOf(centroids: Float32Array, dimensions: number): Grid {
  let longest = 0
  for (let at = 0; at < centroids.length; at += dimensions) {
    let square = 0
    for (let d = at; d < at + dimensions; d++) square += centroids[d]! ** 2
    longest = Math.max(longest, Math.sqrt(square))
  }
  const scale = longest > 0 ? 2 ** Math.ceil(Math.log2(longest)) : 1
  return { longest, coordinate: scale * 2 ** -26, distance: scale * scale * 2 ** -24 }
}

function onGrid(value: number, step: number): number {
  return Math.round(value / step) * step
}
