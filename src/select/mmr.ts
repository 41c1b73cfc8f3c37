import { lazyGreedy, type Taken } from './lazy-greedy.js'

export type MmrOptions = {
  /** Unit vectors, row-major; a row of zeros is like none. */
  vectors: Float32Array
  dimensions: number
  /** How much each row is wanted for itself; 0 to 1 puts it on the scale of cosines. */
  relevance: Float64Array
  k: number
  /** Share that relevance has; what is left goes to being unlike the rows taken. Default 0.5. */
  lambda?: number
  signal?: AbortSignal
}

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998): each time the row of the largest λ × relevance − (1 − λ) × its
 * largest cosine with one taken before, the lowest on ties; the first goes by relevance alone. O(rows × k × dimensions) at
 * most, and far less where few rows are near the top.
 */
export async function maximalMarginalRelevance({
  vectors,
  dimensions,
  relevance,
  k,
  lambda = 0.5,
  signal,
}: MmrOptions): Promise<Taken & { readonly cosines: Float64Array }> {
  const taken: number[] = []
  const mostAlike = new Float64Array(relevance.length).fill(Number.NEGATIVE_INFINITY)
  const compared = new Uint32Array(relevance.length)
  const look = (row: number) => {
    for (; compared[row]! < taken.length; compared[row]!++) {
      const cosine = dot(vectors, row * dimensions, taken[compared[row]!]! * dimensions, dimensions)
      if (cosine > mostAlike[row]!) mostAlike[row] = cosine
    }
  }
  const found = await lazyGreedy({
    rows: relevance.length,
    k,
    signal,
    value(row) {
      look(row)
      // Before the first row is taken every one is as unlike as can be: no value may rise afterwards.
      const alike = taken.length === 0 ? -1.001 : mostAlike[row]!
      return lambda * relevance[row]! - (1 - lambda) * alike
    },
    take: (row) => taken.push(row),
  })
  return { ...found, cosines: Float64Array.from(found.rows, (row) => mostAlike[row]!) }
}

function dot(vectors: Float32Array, a: number, b: number, dimensions: number): number {
  let sum = 0
  for (let k = 0; k < dimensions; k++) sum += vectors[a + k]! * vectors[b + k]!
  return sum
}
