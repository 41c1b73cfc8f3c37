import { type RankBackend, type TileResult, tileRows } from './backend.js'
import { faultyVector, isComparable } from './rows.js'

export type RowsToRank = {
  /** Row-major, at least rows × dimensions. */
  readonly vectors: Float32Array
  readonly rows: number
  readonly dimensions: number
  /** Only name a faulty row in the error. */
  readonly ids?: readonly string[] | undefined
}

/** Ranks the first `count` targets for any number of rows, tile by tile. A faulty vector is a CorruptInputError. */
export function rankRows(
  backend: RankBackend,
  count: number,
  { vectors, rows, dimensions, ids }: RowsToRank,
): Omit<TileResult, 'norms'> {
  if (vectors.length < rows * dimensions) {
    throw new TypeError(`Expected ${rows} vectors of ${dimensions} dimensions, got ${vectors.length} numbers`)
  }
  const labels = new Uint32Array(rows)
  const values = new Float32Array(rows)
  const second = new Float32Array(rows)
  for (let row = 0; row < rows; row += tileRows) {
    const some = Math.min(tileRows, rows - row)
    const tile = backend.tile(vectors.subarray(row * dimensions, (row + some) * dimensions), some, count)
    for (let r = 0; r < some; r++) {
      if (!isComparable(tile.norms[r]!)) throw faultyVector(ids?.[row + r] ?? `number ${row + r}`)
    }
    labels.set(tile.labels.subarray(0, some), row)
    values.set(tile.values.subarray(0, some), row)
    second.set(tile.second.subarray(0, some), row)
  }
  return { labels, values, second }
}
