import { nextTurn } from '../../stream/turn.js'
import { bestKind, type Nearest, openRank } from './nearest.js'
import { rowCount } from './rows.js'
import { isDone, openPass, rankTiles, type Space } from './shared-tiles.js'
import { startThreads, type Threads } from './threads.js'

/** Pairs of a row and a centroid between two turns of waiting events: some hundredths of a second. */
const pairsATurn = 2 ** 22
/** Products of a pass from which threads are worth their start, which takes some 50 ms. */
const worthThreads = 2 ** 29

export type MatrixOptions = {
  /** Most centroids at once. */
  capacity: number
  /** Threads that look side by side, this one among them; default 1. */
  workers?: number | undefined
}

export type NearestOptions = {
  /** The numbers of the rows to look at; default all. */
  only?: Uint32Array | undefined
  signal?: AbortSignal | undefined
}

/** Rows that stay while their nearest of one set of centroids after another is found. */
export type Matrix = {
  /** The rows' vectors, which with more than one worker are a copy. */
  readonly vectors: Float32Array
  /** What the rows come to, in their order; it is overwritten by the next call, which must await this one. */
  nearest(centroids: Float32Array, options?: NearestOptions): Promise<Nearest>
  /** Ends the threads. */
  close(): Promise<void>
}

/**
 * Opens rows to be looked at again and again, by several threads where that is worth while. Vectors must be finite. A row's label and
 * distance come from its own vector and the centroids alone, and each has its own place in what is found: they are the same bits
 * whichever thread ranks which tile. Its `second` may be nearer to the truth or less near.
 */
export function openMatrix(
  vectors: Float32Array,
  dimensions: number,
  { capacity, workers = 1 }: MatrixOptions,
): Matrix {
  const rows = rowCount(vectors, dimensions, 'vectors')
  const isShared = workers > 1 && rows * capacity * dimensions >= worthThreads
  const space: Space = (bytes) => (isShared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes))
  const found = {
    labels: new Uint32Array(space(4 * rows)),
    distances: new Float32Array(space(4 * rows)),
    second: new Float32Array(space(4 * rows)),
  }
  const shared = { vectors: isShared ? copied(vectors, space) : vectors, dimensions, capacity, found }
  const backend = openRank({ capacity, dimensions, measure: 'distance' }, bestKind())
  let threads: Threads | undefined
  return {
    vectors: shared.vectors,
    async nearest(centroids, { only, signal } = {}) {
      const pass = openPass({ centroids, only, rows: only?.length ?? rows }, space)
      if (isShared) threads ??= startThreads(workers - 1, shared)
      threads?.start(pass)
      backend.put(0, centroids)
      let pairs = 0
      for (const ranked of rankTiles(backend, shared, pass)) {
        pairs += (ranked * centroids.length) / dimensions
        if (pairs < pairsATurn) continue
        await nextTurn(signal)
        pairs = 0
      }
      await threads?.until(() => isDone(pass))
      await nextTurn(signal)
      const { labels, distances, second } = found
      return {
        labels: labels.subarray(0, pass.rows),
        distances: distances.subarray(0, pass.rows),
        second: second.subarray(0, pass.rows),
      }
    },
    close: async () => threads?.close(),
  }
}

function copied(vectors: Float32Array, space: Space): Float32Array {
  const copy = new Float32Array(space(vectors.byteLength))
  copy.set(vectors)
  return copy
}
