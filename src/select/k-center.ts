import { uniform } from '../text/hash.js'
import { type FarthestFirst, farthestFirst } from './farthest-first.js'
import { distancesFrom, nearestCentroid } from './kernel/nearest.js'
import { createPrioritySample } from './priority-sample.js'
import { inIdOrder } from './weighted-rows.js'

export type IdentifiedRows = { readonly ids: readonly string[]; readonly vectors: Float32Array }

export type KCenterOptions = {
  /** Any rows of the corpus, such as a coreset; or all of it, and then no `rows`. */
  pool: IdentifiedRows
  /** Opens a reading of every row; it is read once a round. */
  rows?: () => AsyncIterable<IdentifiedRows>
  dimensions: number
  k: number
  seed: number
  /** How much more than twice the optimum the radius may be certified to be; default 0.02. */
  slack?: number
  signal?: AbortSignal
}

export type KCenter = {
  /** The chosen rows in the order in which they were taken. */
  readonly ids: readonly string[]
  /** How far each was from the nearest of those before it; the first has Infinity. */
  readonly gaps: Float64Array
  /** The largest distance of any row from its nearest chosen one, measured over all rows. */
  readonly radius: number
  /** Certified: no k centres, rows or not, can have a smaller radius. */
  readonly optimumAtLeast: number
  /** Readings of all rows. */
  readonly rounds: number
}

/** The farthest rows that join the pool after a round, and rounds after which what was reached is taken. */
const joining = 2048
const mostRounds = 16

/**
 * k-center in bounded memory: farthest-first on a pool of rows, then a reading of all rows, whose farthest join the pool,
 * until none is farther from the chosen ones than these are from each other. The k rows and the farthest one are then
 * k + 1 rows of which two must share a centre: no k centres can do better than half their least distance. What comes out
 * depends on the set of rows and the seed alone. Fewer than k rows are all chosen.
 */
export async function kCenter(options: KCenterOptions): Promise<KCenter> {
  const { rows, dimensions, k, seed, slack = 0.02, signal } = options
  let pool = ordered(options.pool, dimensions)
  const start = pool.ids.reduce((least, id) => {
    const [a, b] = [uniform(seed, id, 'k-center'), uniform(seed, least, 'k-center')]
    return a < b || (a === b && id < least) ? id : least
  }, pool.ids[0] ?? '')
  let best: KCenter | undefined
  let optimumAtLeast = 0
  for (let rounds = 0; ; rounds++) {
    const found = await fromPool(pool, dimensions, { k, start, signal })
    const chosen = { ids: Array.from(found.rows, (row) => pool.ids[row]!), gaps: found.gaps }
    if (rows === undefined) {
      return { ...chosen, radius: found.radius, optimumAtLeast: bound(found.gaps, k, found.radius), rounds }
    }
    const far = await farthestRows(rows(), takeVectors(pool.vectors, found.rows, dimensions), { dimensions, signal })
    optimumAtLeast = Math.max(optimumAtLeast, bound(found.gaps, k, far.radius))
    if (best === undefined || best.ids.length < chosen.ids.length || far.radius < best.radius) {
      best = { ...chosen, radius: far.radius, optimumAtLeast, rounds }
    }
    const isCertified = best.radius <= 2 * (1 + slack) * optimumAtLeast || rounds + 1 >= mostRounds
    const larger = joined(pool, far.rows, dimensions)
    // A pool too small for k rows grows until it has them, or every row.
    if ((isCertified && best.ids.length === k) || larger.ids.length === pool.ids.length) {
      return { ...best, optimumAtLeast, rounds: rounds + 1 }
    }
    pool = larger
  }
}

/** Half the least distance between k chosen rows and the one farthest from them. */
function bound(gaps: Float64Array, k: number, radius: number): number {
  return gaps.length < k ? 0 : Math.min(gaps.at(-1)!, radius) / 2
}

function fromPool(
  { ids, vectors }: IdentifiedRows,
  dimensions: number,
  { k, start, signal }: { k: number; start: string; signal: AbortSignal | undefined },
): Promise<FarthestFirst> {
  const distances = distancesFrom(vectors, dimensions)
  const vector = (row: number) => vectors.subarray(row * dimensions, (row + 1) * dimensions)
  return farthestFirst((row) => distances(vector(row)), { rows: ids.length, k, first: ids.indexOf(start), signal })
}

/** The radius of some centres over all rows, and the rows that are farthest from them. */
async function farthestRows(
  source: AsyncIterable<IdentifiedRows>,
  centres: Float32Array,
  { dimensions, signal }: { dimensions: number; signal: AbortSignal | undefined },
): Promise<{ radius: number; rows: IdentifiedRows }> {
  const kernel = nearestCentroid(centres, dimensions)
  const farthest = createPrioritySample(joining, dimensions)
  let most = 0
  for await (const { ids, vectors } of source) {
    signal?.throwIfAborted()
    const { distances } = kernel.assign(vectors, ids.length, ids)
    for (const [row, id] of ids.entries()) {
      farthest.offer(id, distances[row]!, 0, vectors, row)
      if (distances[row]! > most) most = distances[row]!
    }
  }
  return { radius: Math.sqrt(most), rows: farthest.rows() }
}

function ordered({ ids, vectors }: IdentifiedRows, dimensions: number): IdentifiedRows {
  return inIdOrder({ ids, vectors, weights: new Float64Array(ids.length).fill(1), dimensions })
}

/** Both pools in order of id, a row of both once. */
function joined(a: IdentifiedRows, b: IdentifiedRows, dimensions: number): IdentifiedRows {
  const held = new Set(a.ids)
  const added = Uint32Array.from(b.ids.keys()).filter((row) => !held.has(b.ids[row]!))
  const vectors = new Float32Array(a.vectors.length + added.length * dimensions)
  vectors.set(a.vectors)
  vectors.set(takeVectors(b.vectors, added, dimensions), a.vectors.length)
  return ordered({ ids: [...a.ids, ...Array.from(added, (row) => b.ids[row]!)], vectors }, dimensions)
}

function takeVectors(vectors: Float32Array, rows: Uint32Array, dimensions: number): Float32Array {
  const taken = new Float32Array(rows.length * dimensions)
  rows.forEach((row, at) => {
    taken.set(vectors.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions)
  })
  return taken
}
