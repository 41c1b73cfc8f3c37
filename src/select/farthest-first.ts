import { nextTurn } from '../stream/turn.js'

export type FarthestFirst = {
  /** Rows in the order in which they were taken. */
  readonly rows: Uint32Array
  /** How far each was from the nearest of those before it, never more than the one before; the first may have Infinity. */
  readonly gaps: Float64Array
  /** The largest distance of any row from its nearest taken one; 0 where all are taken. */
  readonly radius: number
}

export type FarthestFirstOptions = {
  rows: number
  /** Rows to take; all where there are fewer. */
  k: number
  /** The row to begin with; without it the farthest from what is there already. */
  first?: number
  /** Squared distance of each row from the nearest of what is there already; default Infinity, that nothing is. */
  nearest?: ArrayLike<number>
  /** Looked at some times a second. */
  signal?: AbortSignal | undefined
}

/** Rows between two looks at the signal. */
const rowsAtOnce = 16

/**
 * Takes the row farthest from all rows taken so far, the lowest on ties, until there are k (Gonzalez 1985): its radius is at
 * most twice the least that any k centres can have. `squaredDistances` gives those of all rows from one of them, and may
 * use its array again.
 */
export async function farthestFirst(
  squaredDistances: (row: number) => ArrayLike<number>,
  { rows, k, first, nearest: given, signal }: FarthestFirstOptions,
): Promise<FarthestFirst> {
  const count = Math.min(rows, k)
  const taken = new Uint32Array(count)
  const gaps = new Float64Array(count)
  // A taken row stands below any other, also below one that equals it.
  const nearest = given ? Float64Array.from(given) : new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
  let next = first ?? farthest(nearest)
  let gap = nearest[next] ?? 0
  for (let n = 0; n < count; n++) {
    if (n % rowsAtOnce === 0) await nextTurn(signal)
    taken[n] = next
    gaps[n] = Math.sqrt(gap)
    const found = squaredDistances(next)
    nearest[next] = -1
    next = 0
    gap = -1
    for (let row = 0; row < rows; row++) {
      if (found[row]! < nearest[row]!) nearest[row] = found[row]!
      if (nearest[row]! > gap) {
        gap = nearest[row]!
        next = row
      }
    }
  }
  return { rows: taken, gaps, radius: gap < 0 || gap === Number.POSITIVE_INFINITY ? 0 : Math.sqrt(gap) }
}

function farthest(distances: Float64Array): number {
  let found = 0
  for (let row = 1; row < distances.length; row++) if (distances[row]! > distances[found]!) found = row
  return found
}
