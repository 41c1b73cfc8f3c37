import type { Row } from '../stream/types.js'
import { uniform } from '../text/hash.js'
import { compareIds } from './weighted-rows.js'

export type QuotaOptions = {
  /** Power of a cluster's size that its share grows with: 1 proportional, 0.5 square root, 0 uniform; default 0.5. */
  alpha?: number
}

/**
 * Shares `total` rows among clusters of `counts` rows in proportion to count^alpha, never more than a cluster has: what
 * does not fit into one is shared among the others (water filling), and fractions go to the largest remainders, the
 * lowest index first on ties. The quotas add up to the smaller of `total` and all rows.
 */
export function quotas(
  counts: readonly number[] | Float64Array,
  total: number,
  { alpha = 0.5 }: QuotaOptions = {},
): Uint32Array {
  for (const count of [...counts, total]) {
    if (!Number.isInteger(count) || count < 0)
      throw new TypeError(`Expected counts and total to be integers from 0 up, got \`${count}\``)
  }
  // Up to 8 no power of a count can overflow.
  if (!(alpha >= 0 && alpha <= 8))
    throw new TypeError(`Expected \`alpha\` to be a number from 0 to 8, got \`${alpha}\``)
  const found = new Uint32Array(counts.length)
  const shares = Float64Array.from(counts, (count) => (count > 0 ? count ** alpha : 0))
  let open = Array.from(counts.keys()).filter((c) => counts[c]! > 0)
  let left = total
  for (;;) {
    const sum = open.reduce((all, c) => all + shares[c]!, 0)
    const full = open.filter((c) => (left * shares[c]!) / sum >= counts[c]!)
    if (full.length === 0) break
    for (const c of full) {
      found[c] = counts[c]!
      left -= counts[c]!
    }
    const closed = new Set(full)
    open = open.filter((c) => !closed.has(c))
  }
  shareOut(left, open, shares, counts, found)
  return found
}

/** Gives each open cluster the whole part of its share, and what remains to the largest fractions. */
function shareOut(
  left: number,
  open: readonly number[],
  shares: Float64Array,
  counts: readonly number[] | Float64Array,
  found: Uint32Array,
): void {
  const sum = open.reduce((all, c) => all + shares[c]!, 0)
  const parts = open.map((c) => ({ c, part: (left * shares[c]!) / sum }))
  let rest = left
  for (const { c, part } of parts) {
    found[c] = Math.floor(part)
    rest -= Math.floor(part)
  }
  parts.sort((a, b) => (b.part % 1) - (a.part % 1) || a.c - b.c)
  for (const { c } of parts) {
    if (rest <= 0) return
    if (found[c]! < counts[c]!) {
      found[c]!++
      rest--
    }
  }
}

/** Which rows of a cluster are picked: by a hash of the id, or by distance to the centroid. */
export type Inside = 'random' | 'nearest' | 'farthest'

export type QuotaPickOptions = {
  /** Rows to pick of each cluster. */
  quotas: ArrayLike<number>
  seed: number
  inside: Inside
}

/** A row with its cluster and its squared distance to the centroid; whatever else it holds travels along. */
export type ClusteredRow = Row & { readonly cluster: number; readonly distance: number }

export type QuotaPick<R> = {
  push(row: R): void
  merge(other: QuotaPick<R>): void
  /** The picked rows, cluster by cluster, the first choice first. */
  finish(): R[]
}

/**
 * Picks each cluster's quota of rows: those of least hash, least distance or greatest distance, the lowest id on ties.
 * Holds no more rows than it picks. The picks depend on the set of rows pushed and not on their order.
 */
export function createQuotaPick<R extends ClusteredRow>({ quotas, seed, inside }: QuotaPickOptions): QuotaPick<R> {
  const heaps: Candidate<R>[][] = Array.from(quotas, () => [])
  const rank = (row: R) => rankInside(row, { seed, inside })

  const pick: QuotaPick<R> = {
    push(row) {
      const heap = heaps[row.cluster]
      if (heap === undefined)
        throw new TypeError(`Expected a cluster below ${heaps.length}, got \`${row.cluster}\` (${row.id})`)
      if (Number.isNaN(row.distance)) throw new TypeError(`Expected a distance, got \`NaN\` (${row.id})`)
      offer(heap, { row, rank: rank(row) }, quotas[row.cluster]!)
    },
    merge(other) {
      for (const row of other.finish()) pick.push(row)
    },
    finish: () => heaps.flatMap((heap) => heap.toSorted(byRank).map(({ row }) => row)),
  }
  return pick
}

/** What rows of a cluster are picked by, the least first. */
export function rankInside(row: ClusteredRow, { seed, inside }: Pick<QuotaPickOptions, 'seed' | 'inside'>): number {
  if (inside === 'random') return uniform(seed, row.id, 'quota')
  return inside === 'nearest' ? row.distance : -row.distance
}

type Candidate<R> = { readonly row: R; readonly rank: number }

function byRank(a: Candidate<Row>, b: Candidate<Row>): number {
  return a.rank - b.rank || compareIds(a.row.id, b.row.id)
}

/** Adds a candidate to a heap whose worst stands first, putting the worst out when there is no more room. */
function offer<R extends Row>(heap: Candidate<R>[], candidate: Candidate<R>, room: number): void {
  if (heap.length < room) {
    heap.push(candidate)
    rise(heap, heap.length - 1)
  } else if (room > 0 && byRank(candidate, heap[0]!) < 0) {
    heap[0] = candidate
    sink(heap)
  }
}

function rise(heap: Candidate<Row>[], at: number): void {
  const candidate = heap[at]!
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (byRank(heap[parent]!, candidate) >= 0) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = candidate
}

function sink(heap: Candidate<Row>[]): void {
  const candidate = heap[0]!
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && byRank(heap[child + 1]!, heap[child]!) > 0) child++
    if (byRank(candidate, heap[child]!) >= 0) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = candidate
}
