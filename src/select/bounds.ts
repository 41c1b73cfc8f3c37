import type { Matrix } from './kernel/matrix.js'

export type BoundsOptions = {
  matrix: Matrix
  dimensions: number
  /** The numbers of the rows, ascending; default all. */
  only?: Uint32Array | undefined
  signal?: AbortSignal | undefined
}

/** Labels of rows that are kept up to date while centroids move. */
export type Bounds = {
  /** The nearest centroid of each row. */
  readonly labels: Uint32Array
  /** Looks at every row whose bounds leave a doubt; tells whether a label changed. */
  assign(centroids: Float32Array): Promise<boolean>
  /** Widens the bounds by how far the centroids went. */
  shift(before: Float32Array, after: Float32Array): void
}

/**
 * Labels of rows, with an upper bound of each row's distance to its own centroid and a lower bound of that to any other
 * (Hamerly 2010). A row is looked at again when the two come so near that rounding may decide: labels are those of looking
 * at all.
 */
export function createBounds({ matrix, dimensions, only, signal }: BoundsOptions): Bounds {
  const count = only?.length ?? matrix.vectors.length / dimensions
  const labels = new Uint32Array(count)
  const upper = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  const lower = new Float64Array(count)
  const open = new Uint32Array(count)
  return {
    labels,
    async assign(centroids) {
      const longest = Math.sqrt(
        squaredLengths(centroids, dimensions).reduce((most, square) => Math.max(most, square), 0),
      )
      // What the kernel's single-precision sums may be off by, as a share of the squares of the lengths they are of.
      const rounding = 8 * (dimensions + 16) * 2 ** -24
      let doubtful = 0
      for (let row = 0; row < count; row++) {
        const sure = upper[row]! ** 2 + rounding * (upper[row]! + longest) ** 2
        if (!(lower[row]! > 0 && sure < lower[row]! ** 2)) open[doubtful++] = row
      }
      const all = doubtful === count
      const numbers = all ? only : open.slice(0, doubtful).map((row) => only?.[row] ?? row)
      const found = await matrix.nearest(centroids, { only: numbers, signal })
      let changed = false
      for (let n = 0; n < doubtful; n++) {
        const row = open[n]!
        changed ||= labels[row] !== found.labels[n]
        labels[row] = found.labels[n]!
        upper[row] = Math.sqrt(found.distances[n]!)
        lower[row] = Math.sqrt(found.second[n]!)
      }
      return changed
    },
    shift(before, after) {
      const went = squaredLengths(
        after.map((value, at) => value - before[at]!),
        dimensions,
      ).map(Math.sqrt)
      const farthest = went.indexOf(Math.max(...went))
      const most = went[farthest] ?? 0
      const nextMost = went.reduce((far, way, c) => (c === farthest ? far : Math.max(far, way)), 0)
      for (let row = 0; row < count; row++) {
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
