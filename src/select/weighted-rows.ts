import { uniform } from '../text/hash.js'
import { rowCount } from './kernel/rows.js'

/** Vectors with their ids and what each stands for; row r is numbers r × dimensions up. */
export type WeightedRows = {
  readonly ids: readonly string[]
  readonly vectors: Float32Array
  readonly weights: Float64Array
  readonly dimensions: number
}

/**
 * The same rows in ascending order of id (by UTF-16 units), as they are when they already stand so. Floating-point sums
 * over them then do not depend on the order in which rows arrived.
 */
export function inIdOrder({ ids, vectors, weights, dimensions }: WeightedRows): WeightedRows {
  const rows = rowCount(vectors, dimensions, 'vectors')
  if (ids.length !== rows || weights.length !== rows) {
    throw new TypeError(
      `Expected an id and a weight for each of ${rows} vectors, got ${ids.length} and ${weights.length}`,
    )
  }
  if (!weights.every((weight) => weight > 0 && weight < Number.POSITIVE_INFINITY)) {
    throw new TypeError('Expected every weight to be a finite number above 0')
  }
  if (ids.every((id, row) => row === 0 || ids[row - 1]! <= id)) return { ids, vectors, weights, dimensions }
  const order = Uint32Array.from(ids.keys()).sort((a, b) => compareIds(ids[a]!, ids[b]!))
  return takeRows({ ids, vectors, weights, dimensions }, order)
}

/** Orders ids by their UTF-16 units, as `<` does: the same on every machine and in every language. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A copy of the chosen rows in the order given. */
export function takeRows({ ids, vectors, weights, dimensions }: WeightedRows, chosen: Uint32Array): WeightedRows {
  const taken = new Float32Array(chosen.length * dimensions)
  chosen.forEach((row, at) => {
    taken.set(vectors.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions)
  })
  return {
    ids: Array.from(chosen, (row) => ids[row]!),
    vectors: taken,
    weights: Float64Array.from(chosen, (row) => weights[row]!),
    dimensions,
  }
}

export type Thinning = { seed: number; use: string }

/**
 * The `count` rows of least hash, or all, with the weights they have: a priority sample thinned evenly is a priority sample
 * again, as far as only the ratios of its weights matter.
 */
export function thinRows(rows: WeightedRows, count: number, thinning: Thinning): WeightedRows {
  const thinned = thinnedRows(rows.ids, count, thinning)
  return thinned ? takeRows(rows, thinned) : rows
}

/** The numbers of those rows, ascending, and nothing where they are all. */
export function thinnedRows(ids: readonly string[], count: number, { seed, use }: Thinning): Uint32Array | undefined {
  if (count >= ids.length) return undefined
  const hashes = Float64Array.from(ids, (id) => uniform(seed, id, use))
  const limit = hashes.toSorted()[count - 1]!
  return Uint32Array.from(ids.keys()).filter((row) => hashes[row]! <= limit)
}
