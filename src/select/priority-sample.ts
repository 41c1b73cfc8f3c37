import { compareIds } from './weighted-rows.js'

/** Rows of a sample in order of id; vectors are row-major. */
export type SampledRows = {
  readonly ids: readonly string[]
  readonly priorities: Float64Array
  readonly sensitivities: Float64Array
  readonly vectors: Float32Array
}

export type PrioritySample = {
  /** Whether a row may still be among those kept: where not, it need not be offered. */
  wants(id: string, priority: number): boolean
  /** Considers the row whose vector is `vectors` at `row`. */
  offer(id: string, priority: number, sensitivity: number, vectors: Float32Array, row: number): void
  /** The rows of highest priority, at most `limit`. */
  rows(): SampledRows
}

/**
 * Keeps the `limit` rows of highest priority, the lower id first on ties: the set depends on the rows offered and not on
 * their order. Holds at most 1.25 × limit rows, and grows to that only as rows come, from room for as many as are expected.
 */
export function createPrioritySample(limit: number, dimensions: number, expected = 1024): PrioritySample {
  const most = limit + Math.max(16, Math.ceil(limit / 4))
  let room = Math.min(most, Math.max(1, expected))
  const ids: string[] = []
  let priorities = new Float64Array(room)
  let sensitivities = new Float64Array(room)
  let vectors = new Float32Array(room * dimensions)
  // The last row that a full sample keeps; nothing behind it can enter.
  let last: { priority: number; id: string } | undefined

  const grow = () => {
    room = Math.min(most, 2 * room)
    priorities = enlarged(priorities, new Float64Array(room))
    sensitivities = enlarged(sensitivities, new Float64Array(room))
    vectors = enlarged(vectors, new Float32Array(room * dimensions))
  }
  const shrink = () => {
    if (ids.length <= limit) return
    const kept = highest(ids, priorities, limit)
    // Rows stand in no order: those behind the limit that stay take the places of those before it that go.
    let from = limit
    for (let to = 0; to < limit; to++) {
      if (kept.isKept[to] === 1) continue
      while (kept.isKept[from] === 0) from++
      ids[to] = ids[from]!
      priorities[to] = priorities[from]!
      sensitivities[to] = sensitivities[from]!
      vectors.copyWithin(to * dimensions, from * dimensions, (from + 1) * dimensions)
      from++
    }
    ids.length = limit
    last = kept.last
  }

  const wants = (id: string, priority: number) =>
    !last || priority > last.priority || (priority === last.priority && id < last.id)

  return {
    wants,
    offer(id, priority, sensitivity, from, row) {
      if (!wants(id, priority)) return
      if (ids.length === most) shrink()
      if (ids.length === room) grow()
      const at = ids.length
      ids.push(id)
      priorities[at] = priority
      sensitivities[at] = sensitivity
      vectors.set(from.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions)
    },
    rows() {
      shrink()
      const byId = (a: number, b: number) => compareIds(ids[a]!, ids[b]!) || priorities[a]! - priorities[b]!
      const order = Uint32Array.from(ids.keys()).sort(byId)
      const sorted = new Float32Array(ids.length * dimensions)
      order.forEach((from, to) => {
        sorted.set(vectors.subarray(from * dimensions, (from + 1) * dimensions), to * dimensions)
      })
      return {
        ids: Array.from(order, (row) => ids[row]!),
        priorities: Float64Array.from(order, (row) => priorities[row]!),
        sensitivities: Float64Array.from(order, (row) => sensitivities[row]!),
        vectors: sorted,
      }
    },
  }
}

/** A 1 for each row of the `limit` highest priorities, and the row that ranks last among them. */
function highest(ids: readonly string[], priorities: Float64Array, limit: number) {
  const values = priorities.subarray(0, ids.length)
  const bound = values.toSorted()[ids.length - limit]!
  const tied: number[] = []
  let above = 0
  for (let row = 0; row < values.length; row++) {
    if (values[row]! > bound) above++
    else if (values[row] === bound) tied.push(row)
  }
  const kept = tied.sort((a, b) => compareIds(ids[a]!, ids[b]!)).slice(0, limit - above)
  const isKept = Uint8Array.from(values, (value) => (value > bound ? 1 : 0))
  for (const row of kept) isKept[row] = 1
  return { isKept, last: { priority: bound, id: ids[kept.at(-1)!]! } }
}

function enlarged<A extends Float32Array | Float64Array>(from: A, to: A): A {
  to.set(from)
  return to
}
