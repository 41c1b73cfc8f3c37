import { type RankBackend, tileRows } from './backend.js'
import type { Nearest } from './nearest.js'

/** What threads see of the same memory. */
export type SharedRows = {
  readonly vectors: Float32Array
  readonly dimensions: number
  readonly capacity: number
  readonly found: Nearest
}

/** One set of centroids for some rows; `tiles` counts, in memory that threads share, tiles taken and tiles done. */
export type RankPass = {
  readonly centroids: Float32Array
  readonly only: Uint32Array | undefined
  readonly rows: number
  readonly tiles: Int32Array
}
const [taken, done] = [0, 1]

/** Memory of so many bytes, which threads share or one has for itself. */
export type Space = (bytes: number) => ArrayBuffer | SharedArrayBuffer

/** A pass of which no tile is taken. */
export function openPass(pass: Omit<RankPass, 'tiles'>, space: Space): RankPass {
  return { ...pass, tiles: new Int32Array(space(8)) }
}

/** Whether a pass has tiles that nobody has taken. */
export function isOpen({ tiles, rows }: RankPass): boolean {
  return Atomics.load(tiles, taken) * tileRows < rows
}

/** Whether all of its tiles are done, whoever took them. */
export function isDone({ tiles, rows }: RankPass): boolean {
  return Atomics.load(tiles, done) === Math.ceil(rows / tileRows)
}

/** Ranks one tile after another that nobody has taken; gives the number of rows of each. */
export function* rankTiles(
  backend: RankBackend,
  { vectors, dimensions, found }: SharedRows,
  { centroids, only, rows, tiles }: RankPass,
): Generator<number> {
  for (;;) {
    const start = tileRows * Atomics.add(tiles, taken, 1)
    if (start >= rows) return
    const some = Math.min(tileRows, rows - start)
    const from = only ? vectors : vectors.subarray(start * dimensions)
    const tile = backend.tile(from, some, centroids.length / dimensions, only?.subarray(start, start + some))
    found.labels.set(tile.labels.subarray(0, some), start)
    found.distances.set(tile.values.subarray(0, some), start)
    found.second.set(tile.second.subarray(0, some), start)
    Atomics.add(tiles, done, 1)
    yield some
  }
}
