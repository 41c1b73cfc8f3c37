/** Where the picks of each cluster end: the rank of the last one, and how many rows of just that rank are picked. */
export type QuotaCuts = { readonly ranks: Float64Array; readonly ties: Uint32Array }

/**
 * Finds where each cluster's quota of rows of least rank ends, in eight bytes a row to pick; who is picked among rows of the
 * last rank is left to a second look. A cluster of fewer rows than its quota ends nowhere: its rank is infinite.
 */
export function createQuotaCuts(quotas: ArrayLike<number>): {
  push(cluster: number, rank: number): void
  finish(): QuotaCuts
} {
  const starts = new Float64Array(quotas.length + 1)
  for (let c = 0; c < quotas.length; c++) starts[c + 1] = starts[c]! + quotas[c]!
  const heaps = new Float64Array(starts[quotas.length]!)
  const counts = new Uint32Array(quotas.length)
  return {
    push(cluster, rank) {
      if (Number.isNaN(rank)) throw new TypeError('Expected a rank, got `NaN`')
      const room = quotas[cluster]
      if (room === undefined) throw new TypeError(`Expected a cluster below ${quotas.length}, got \`${cluster}\``)
      const start = starts[cluster]!
      const count = counts[cluster]!
      if (count < room) rise(heaps, start, counts[cluster]!++, rank)
      else if (room > 0 && rank < heaps[start]!) sink(heaps, start, room, rank)
    },
    finish() {
      const ranks = new Float64Array(quotas.length)
      const ties = new Uint32Array(quotas.length)
      for (let c = 0; c < quotas.length; c++) {
        const heap = heaps.subarray(starts[c]!, starts[c]! + counts[c]!)
        ranks[c] = quotas[c] === 0 ? Number.NEGATIVE_INFINITY : heap.length < quotas[c]! ? Infinity : heap[0]!
        for (const rank of heap) if (rank === ranks[c]) ties[c]!++
      }
      return { ranks, ties }
    },
  }
}

/** Puts a rank at the end of a heap whose largest stands first. */
function rise(heaps: Float64Array, start: number, at: number, rank: number): void {
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heaps[start + parent]! >= rank) break
    heaps[start + at] = heaps[start + parent]!
    at = parent
  }
  heaps[start + at] = rank
}

/** Puts a rank in the place of the largest. */
function sink(heaps: Float64Array, start: number, count: number, rank: number): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= count) break
    if (child + 1 < count && heaps[start + child + 1]! > heaps[start + child]!) child++
    if (rank >= heaps[start + child]!) break
    heaps[start + at] = heaps[start + child]!
    at = child
  }
  heaps[start + at] = rank
}
