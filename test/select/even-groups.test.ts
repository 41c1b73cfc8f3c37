import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evenGroups } from '../../src/select/even-groups.js'

type Case = { vectors: number[][]; centroids: number[][]; size: number }

const flat = (rows: readonly number[][]) => Float32Array.from(rows.flat())

/** The published way, word for word: every centre sorts the whole pool at each of its turns. */
function straightforward({ vectors, centroids, size }: Case): number[][] {
  const rows = vectors.length
  const pool = [...vectors, ...vectors.slice(0, centroids.length * size - rows)]
  const used = new Set<number>()
  const taken: number[][] = centroids.map(() => [])
  for (let turn = 0; turn < size; turn++) {
    for (const [centre, centroid] of centroids.entries()) {
      const order = pool
        .map((vector, item) => ({ item, squared: vector.reduce((sum, x, i) => sum + (x - centroid[i]!) ** 2, 0) }))
        .sort((a, b) => a.squared - b.squared || a.item - b.item)
      const { item } = order.find((each) => !used.has(each.item))!
      used.add(item)
      taken[centre]!.push(item)
    }
  }
  return taken
}

async function ours({ vectors, centroids, size }: Case, mostCandidates?: number) {
  let walks = 0
  async function* tiles() {
    walks++
    for (let at = 0; at < vectors.length; at += 3) yield flat(vectors.slice(at, at + 3))
  }
  const dimensions = centroids[0]!.length
  const options = { centroids: flat(centroids), dimensions, rows: vectors.length, size }
  const { items, distances } = await evenGroups(tiles, { ...options, ...(mostCandidates && { mostCandidates }) })
  const groups = centroids.map((_, centre) => [...items.subarray(centre * size, (centre + 1) * size)])
  return { groups, distances, walks }
}

/** Small whole coordinates, so that ties are frequent and every sum is exact. */
const cases = fc
  .record({
    vectors: fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 2 }), {
      minLength: 1,
      maxLength: 40,
    }),
    centres: fc.integer({ min: 1, max: 6 }),
    centroids: fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 2 }), {
      minLength: 6,
      maxLength: 6,
    }),
  })
  .map(({ vectors, centres, centroids }) => {
    const count = Math.min(centres, vectors.length)
    return { vectors, centroids: centroids.slice(0, count), size: Math.ceil(vectors.length / count) }
  })

describe('groups of equal size', () => {
  it('are those of the straightforward way, ties, repeated rows and all', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        expect((await ours(given)).groups).toEqual(straightforward(given))
      }),
    )
  })

  it('are the same with hardly any memory, at the price of more walks', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const { groups, walks } = await ours(given, given.centroids.length)
        expect(groups).toEqual(straightforward(given))
        expect(walks).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('take every row once, and the first ones twice where it does not come out even', async () => {
    const vectors = Array.from({ length: 10 }, (_, n) => [n, 0])
    const { groups, distances } = await ours({
      vectors,
      centroids: [
        [0, 0],
        [5, 0],
        [9, 0],
      ],
      size: 4,
    })
    expect(groups.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n))
    expect(groups[0]![0]).toBe(0)
    expect(distances[0]).toBe(0)
  })

  it('refuse numbers of centres and items that cannot hold the rows', async () => {
    const vectors = [
      [0, 0],
      [1, 1],
      [2, 2],
    ]
    await expect(ours({ vectors, centroids: [[0, 0]], size: 2 })).rejects.toThrow(
      'Expected 1 centres of 2 to take 3 rows',
    )
    await expect(ours({ vectors, centroids: [[0, 0]], size: 7 })).rejects.toThrow('none thrice')
  })
})
