import { distancesFrom } from './kernel/nearest.js'
import { lazyGreedy } from './lazy-greedy.js'
import type { WeightedRows } from './weighted-rows.js'

export type FacilityLocation = {
  /** Rows in the order in which they were taken. */
  readonly rows: Uint32Array
  /** The squared distance of each from the nearest of those before it; of the first 0. */
  readonly gaps: Float64Array
  /** Σ weight × squared distance to the nearest taken row, over all rows. */
  readonly cost: number
}

/**
 * Takes k rows that leave Σ weight × squared distance to the nearest of them small, each time the row that lowers it most, the
 * lowest on ties: facility location with the similarity c − ‖x − y‖², of which greedy reaches 1 − 1/e of the best (Nemhauser,
 * Wolsey and Fisher 1978; to choose training data Wei, Iyer and Bilmes 2015). O(rows² × dimensions) and a little.
 */
export async function facilityLocation(
  { vectors, weights, dimensions }: Omit<WeightedRows, 'ids'>,
  { k, signal }: { k: number; signal?: AbortSignal },
): Promise<FacilityLocation> {
  const rows = weights.length
  const distances = distancesFrom(vectors, dimensions)
  const distancesOf = (row: number) => distances(vectors.subarray(row * dimensions, (row + 1) * dimensions))
  const nearest = new Float64Array(rows).fill(noneTaken(vectors, dimensions))
  const gaps: number[] = []
  const taken = await lazyGreedy({
    rows,
    k,
    signal,
    // Each term falls or stays as `nearest` falls, and so, added up in one order, does the rounded sum.
    value(row) {
      const found = distancesOf(row)
      let sum = 0
      for (let x = 0; x < rows; x++) {
        const gain = nearest[x]! - found[x]!
        if (gain > 0) sum += weights[x]! * gain
      }
      return sum
    },
    take(row) {
      gaps.push(gaps.length === 0 ? 0 : nearest[row]!)
      const found = distancesOf(row)
      for (let x = 0; x < rows; x++) if (found[x]! < nearest[x]!) nearest[x] = found[x]!
    },
  })
  const cost = taken.rows.length === 0 ? 0 : nearest.reduce((sum, distance, x) => sum + weights[x]! * distance, 0)
  return { rows: taken.rows, gaps: Float64Array.from(gaps), cost }
}

/** More than any two rows' squared distance. */
function noneTaken(vectors: Float32Array, dimensions: number): number {
  let most = 0
  for (let at = 0; at < vectors.length; at += dimensions) {
    let norm = 0
    for (let k = at; k < at + dimensions; k++) norm += vectors[k]! ** 2
    if (norm > most) most = norm
  }
  return 4.001 * most
}
