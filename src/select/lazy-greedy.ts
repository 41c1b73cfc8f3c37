import { nextTurn } from '../stream/turn.js'

export type LazyGreedyOptions = {
  rows: number
  /** Rows to take; all where there are fewer. */
  k: number
  /** What taking a row is worth after those taken so far; it must never rise as rows are taken. */
  value(row: number): number
  /** Told of each row as it is taken. */
  take(row: number): void
  /** Looked at now and then. */
  signal?: AbortSignal | undefined
}

/** The rows in the order in which they were taken, and what each was worth then. */
export type Taken = { readonly rows: Uint32Array; readonly values: Float64Array }

/** Values worked out between two looks at the signal. */
const valuesAtOnce = 64

/**
 * Takes the row of the largest value, the lowest on ties, until there are k. As no value rises, one worked out earlier bounds
 * what it is now: a row is looked at again only when its bound comes to the top (Minoux 1978), and what is taken is what
 * looking at every row each time would take, as long as `value` rounds monotonically.
 */
export async function lazyGreedy({ rows, k, value, take, signal }: LazyGreedyOptions): Promise<Taken> {
  const count = Math.min(rows, k)
  const taken = { rows: new Uint32Array(count), values: new Float64Array(count) }
  const values = new Float64Array(rows)
  const turns = new Uint32Array(rows)
  let asked = 0
  const ask = async (row: number) => {
    if (asked++ % valuesAtOnce === 0) await nextTurn(signal)
    values[row] = value(row)
  }
  for (let row = 0; row < rows; row++) await ask(row)
  const heap = createRanking(values)
  for (let turn = 0; turn < count; ) {
    const row = heap.top()
    if (turns[row] !== turn) {
      await ask(row)
      turns[row] = turn
      heap.lower()
      continue
    }
    taken.rows[turn] = row
    taken.values[turn++] = values[row]!
    heap.drop()
    take(row)
  }
  return taken
}

/** A heap of all rows by value, the largest on top, the lower row of equals. */
function createRanking(values: Float64Array): { top(): number; lower(): void; drop(): void } {
  const heap = Uint32Array.from(values.keys())
  let size = heap.length
  const isBefore = (a: number, b: number) => values[a]! > values[b]! || (values[a] === values[b] && a < b)
  const sink = (from: number) => {
    const row = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, row)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = row
  }
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(at)
  return {
    top: () => heap[0]!,
    /** Puts the top row where its value, which has fallen, belongs. */
    lower: () => sink(0),
    drop() {
      heap[0] = heap[--size]!
      if (size > 0) sink(0)
    },
  }
}
