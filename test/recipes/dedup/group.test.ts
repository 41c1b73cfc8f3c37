import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type EachPair, groupRows } from '../../../src/recipes/dedup/group.js'

type Pair = readonly [later: number, earlier: number]

/** The first row of every row's group, by union-find over all of them. */
function inMemory(total: number, pairs: readonly Pair[]): number[] {
  const firsts = Array.from({ length: total }, (_, row) => row)
  for (const [a, b] of pairs) {
    const [low, high] = [firsts[a]!, firsts[b]!].sort((x, y) => x - y)
    for (const [row, first] of firsts.entries()) if (first === high) firsts[row] = low!
  }
  return firsts
}

async function byRanges(total: number, rangeRows: number, pairs: readonly Pair[]): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-group-'))
  const eachPair: EachPair = async (first, end, each) => {
    for (const [later, earlier] of pairs) if (later >= first && later < end) each(later, earlier)
  }
  try {
    const found: number[] = []
    const { signal } = new AbortController()
    for await (const range of groupRows({ total, rangeRows, eachPair, folder, signal })) {
      expect(range.first).toBe(found.length)
      found.push(...range.firsts)
    }
    // What was carried from range to range is gone.
    expect(await readdir(folder)).toEqual(['pointers.bin'])
    return found
  } finally {
    await rm(folder, { recursive: true })
  }
}

it('groups range by range are those of union-find over all rows in memory', async () => {
  const pair = fc
    .tuple(fc.nat(39), fc.nat(39))
    .filter(([a, b]) => a !== b)
    .map(([a, b]): Pair => [Math.max(a, b), Math.min(a, b)])
  await fc.assert(
    fc.asyncProperty(
      fc.array(pair, { maxLength: 45 }),
      fc.constantFrom(1, 2, 3, 7, 16, 40, 100),
      async (pairs, rows) => {
        expect(await byRanges(40, rows, pairs)).toEqual(inMemory(40, pairs))
      },
    ),
    { numRuns: 200 },
  )
})

it('follows a chain through every range, and a group whose rows all meet the same two', async () => {
  const chain = Array.from({ length: 5000 }, (_, n): Pair => [n + 2, n])
  expect(await byRanges(5002, 64, chain)).toEqual(Array.from({ length: 5002 }, (_, row) => row % 2))
  const star = Array.from({ length: 4000 }, (_, n): Pair[] => [
    [n + 1000, 500],
    [n + 1000, 3],
  ]).flat()
  const firsts = await byRanges(5000, 128, star)
  expect(firsts).toEqual(Array.from({ length: 5000 }, (_, row) => (row >= 1000 || row === 500 ? 3 : row)))
})

it('has nothing to say of no rows', async () => {
  expect(await byRanges(0, 10, [])).toEqual([])
})
