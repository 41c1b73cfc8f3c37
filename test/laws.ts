import { describe, expect, it } from 'vitest'
import type { Batches, Stage } from '../src/stream/types.js'

export type LawRow = { readonly id: string; readonly text: string }

type Watched = { source: Batches<LawRow>; pulls: () => number; closed: () => boolean }

/** Batches of numbered rows that record how often they were pulled and whether they were closed. */
export function watchedSource(sizes: readonly number[], failAfter = Number.POSITIVE_INFINITY): Watched {
  let pulls = 0
  let closed = false
  async function* generate() {
    try {
      let n = 0
      for (const size of sizes) {
        if (pulls >= failAfter) throw new Error('the source broke')
        pulls++
        yield Array.from({ length: size }, () => ({ id: `a#${n}`, text: `row ${n++}` }))
      }
    } finally {
      closed = true
    }
  }
  return { source: generate(), pulls: () => pulls, closed: () => closed }
}

export async function collect<R>(batches: Batches<R>): Promise<R[]> {
  const rows: R[] = []
  for await (const batch of batches) rows.push(...batch)
  return rows
}

export type LawOptions = {
  /** Batches the stage may pull before its first one comes out, when every batch holds four rows; default 1. */
  mayPull?: number
}

/** The promises every stage keeps; `make` gives a fresh stage that lets at least some rows through, ids unchanged. */
export function obeysStageLaws(
  name: string,
  make: () => Stage<LawRow, { id: string }>,
  options: LawOptions = {},
): void {
  const { mayPull = 1 } = options
  describe(`${name} obeys the stage laws`, () => {
    it('keeps order, and gives the same rows whatever the batches', async () => {
      const one = await collect(make()(watchedSource([40]).source))
      const many = await collect(make()(watchedSource([1, 3, 7, 9, 20]).source))
      expect(many).toEqual(one)
      const order = one.map((row) => Number(row.id.split('#')[1]!.split('/')[0]))
      expect(order).toEqual([...order].sort((a, b) => a - b))
      expect(one.length).toBeGreaterThan(0)
    })

    it('never hands on an empty batch, and ends on an empty source', async () => {
      for await (const batch of make()(watchedSource([2, 2, 2]).source)) expect(batch.length).toBeGreaterThan(0)
      expect(await collect(make()(watchedSource([]).source))).toEqual([])
    })

    it('pulls nothing before it is pulled, and no more than it may', async () => {
      const watched = watchedSource(Array(100).fill(4))
      const batches = make()(watched.source)
      expect(watched.pulls()).toBe(0)
      const iterator = batches[Symbol.asyncIterator]()
      await iterator.next()
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(watched.pulls()).toBeLessThanOrEqual(mayPull)
      await iterator.return?.()
    })

    it('closes its source when the consumer stops', async () => {
      const watched = watchedSource(Array(100).fill(4))
      for await (const _ of make()(watched.source)) break
      expect(watched.closed()).toBe(true)
    })

    it('passes an error of its source on, and the source is closed', async () => {
      const watched = watchedSource(Array(100).fill(4), 3)
      await expect(collect(make()(watched.source))).rejects.toThrow('the source broke')
      expect(watched.closed()).toBe(true)
    })
  })
}
