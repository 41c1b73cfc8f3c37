import type { RunView } from '../../run/types.js'
import { createPrioritySample } from '../../select/priority-sample.js'
import { compareIds } from '../../select/weighted-rows.js'
import { readKeptVectors } from './vectors.js'

/** Rows in order of rank, the lower id on ties. */
export type RankedRows = {
  readonly ids: readonly string[]
  readonly ranks: Float64Array
  readonly vectors: Float32Array
}

/**
 * Ids and vectors in order of rank, so many rows at a time: each reading of the vectors gives those that follow the last.
 * A few readings are enough unless nearly all rows are alike, and memory has room for no more.
 */
export async function* readByRank(
  run: RunView & { signal: AbortSignal },
  { dimensions, rows }: { dimensions: number; rows: number },
): AsyncGenerator<RankedRows> {
  let last: { rank: number; id: string } | undefined
  for (;;) {
    const next = createPrioritySample(rows, dimensions)
    for await (const { ids, ranks, vectors } of readKeptVectors(run, dimensions)) {
      run.signal.throwIfAborted()
      for (const [n, id] of ids.entries()) {
        const rank = ranks[n]!
        if (last === undefined || rank > last.rank || (rank === last.rank && id > last.id)) {
          next.offer(id, -rank, 0, vectors, n)
        }
      }
    }
    const { ids, priorities, vectors } = next.rows()
    if (ids.length === 0) return
    const order = [...ids.keys()].sort((a, b) => priorities[b]! - priorities[a]! || compareIds(ids[a]!, ids[b]!))
    const sorted = new Float32Array(vectors.length)
    for (const [to, from] of order.entries()) {
      sorted.set(vectors.subarray(from * dimensions, (from + 1) * dimensions), to * dimensions)
    }
    const lowest = order.at(-1)!
    last = { rank: -priorities[lowest]!, id: ids[lowest]! }
    yield {
      ids: order.map((row) => ids[row]!),
      ranks: Float64Array.from(order, (row) => -priorities[row]!),
      vectors: sorted,
    }
    if (ids.length < rows) return
  }
}
