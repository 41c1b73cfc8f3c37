import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { farthestFirst } from '../../src/select/farthest-first.js'
import { kCenter } from '../../src/select/k-center.js'
import { planted, randomNumbers, rowIds, take, vectorOf } from './vectors.js'

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2
  return Math.sqrt(sum)
}

/** The largest distance of any vector from its nearest centre. */
function radiusOf(vectors: Float32Array, centres: readonly Float32Array[], dimensions: number): number {
  let most = 0
  for (let row = 0; row < vectors.length / dimensions; row++) {
    const from = vectorOf(vectors, row, dimensions)
    most = Math.max(most, Math.min(...centres.map((centre) => distance(centre, from))))
  }
  return most
}

/** The least radius that any k of the rows have, by trying all. */
function leastRadius(vectors: Float32Array, k: number, dimensions: number): number {
  const rows = vectors.length / dimensions
  const tryFrom = (start: number, centres: readonly Float32Array[]): number => {
    if (centres.length === k) return radiusOf(vectors, centres, dimensions)
    let least = Number.POSITIVE_INFINITY
    for (let row = start; row < rows; row++) {
      least = Math.min(least, tryFrom(row + 1, [...centres, vectorOf(vectors, row, dimensions)]))
    }
    return least
  }
  return tryFrom(0, [])
}

/** All rows, in batches of `size`. */
async function* inBatches(ids: readonly string[], vectors: Float32Array, dimensions: number, size: number) {
  for (let at = 0; at < ids.length; at += size) {
    yield { ids: ids.slice(at, at + size), vectors: vectors.subarray(at * dimensions, (at + size) * dimensions) }
  }
}

describe('farthestFirst', () => {
  test('takes at each turn a row that is farthest from all taken, the lowest on ties', async () => {
    const points = [0, 10, 4, 10, 6, 0]
    const distances = (row: number) => points.map((point) => (point - points[row]!) ** 2)
    const found = await farthestFirst(distances, { rows: 6, k: 4, first: 0 })
    expect([...found.rows]).toEqual([0, 1, 2, 4])
    expect([...found.gaps]).toEqual([Number.POSITIVE_INFINITY, 10, 4, 2])
    expect(found.radius).toBe(0)
  })

  test('takes equal rows only when all others are taken, and no row twice', async () => {
    const distances = (row: number) => [0, 0, 1, 1].map((point) => (point - (row > 1 ? 1 : 0)) ** 2)
    expect([...(await farthestFirst(distances, { rows: 4, k: 9, first: 1 })).rows]).toEqual([1, 2, 0, 3])
  })

  test('stops in the middle when it is told to', async () => {
    const stop = new AbortController()
    const run = farthestFirst(() => new Float64Array(1e5).fill(1), { rows: 1e5, k: 1e5, first: 0, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 20)
    await expect(run).rejects.toThrow('enough')
  })
})

describe('kCenter', () => {
  test('certifies no more than brute force finds, and is within its certificate', async () => {
    const shape = fc.record({
      rows: fc.integer({ min: 4, max: 11 }),
      k: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, k, seed }) => {
        const vectors = randomNumbers(rows * 2, seed)
        const ids = rowIds(rows)
        const pool = take(ids, vectors, 2, [0, rows - 1])
        for (const given of [{ pool: { ids, vectors } }, { pool, rows: () => inBatches(ids, vectors, 2, 3) }]) {
          const found = await kCenter({ ...given, dimensions: 2, k, seed })
          const centres = found.ids.map((id) => vectorOf(vectors, ids.indexOf(id), 2))
          expect(new Set(found.ids).size).toBe(k)
          expect(found.radius).toBeCloseTo(radiusOf(vectors, centres, 2), 5)
          const least = leastRadius(vectors, k, 2)
          expect(found.optimumAtLeast).toBeLessThanOrEqual(least + 1e-6)
          expect(found.radius).toBeLessThanOrEqual(2 * 1.02 * found.optimumAtLeast + 1e-6)
        }
      }),
    )
  })

  test('gives the same rows for any order, any batches and any pool order', async () => {
    const { ids, vectors } = planted(40, 30, 6, 2)
    const poolRows = [...ids.keys()].filter((row) => row % 9 === 0)
    const choose = (order: readonly number[], batch: number) => {
      const all = take(ids, vectors, 6, order)
      const pool = take(
        ids,
        vectors,
        6,
        order.filter((row) => poolRows.includes(row)),
      )
      return kCenter({ pool, rows: () => inBatches(all.ids, all.vectors, 6, batch), dimensions: 6, k: 25, seed: 4 })
    }
    const straight = await choose([...ids.keys()], 1000)
    expect(straight.rounds).toBeGreaterThan(0)
    expect(await choose([...ids.keys()].reverse(), 7)).toEqual(straight)
  })

  test('finds outliers that the pool missed', async () => {
    const [dimensions, count] = [3, 6000]
    const vectors = randomNumbers(count * dimensions, 5).map((value) => value / 100)
    for (const row of [17, 2500, 5999]) vectors[row * dimensions] = 5 + row / 1000
    const ids = rowIds(count)
    const pool = take(
      ids,
      vectors,
      dimensions,
      Array.from({ length: 100 }, (_, row) => 20 * row),
    )
    const rows = () => inBatches(ids, vectors, dimensions, 500)
    const found = await kCenter({ pool, rows, dimensions, k: 4, seed: 1 })
    expect(found.ids).toEqual(expect.arrayContaining([ids[17], ids[2500], ids[5999]]))
    expect(found.radius).toBeLessThan(0.05)
  })

  test('takes all rows where there are no more than k', async () => {
    const [ids, vectors] = [rowIds(3), Float32Array.of(1, 1, 5)]
    const found = await kCenter({ pool: { ids, vectors }, dimensions: 1, k: 3, seed: 1 })
    expect(found).toMatchObject({ radius: 0, optimumAtLeast: 0, rounds: 0 })
    expect([...found.ids].sort()).toEqual([...ids].sort())
    const none = await kCenter({ pool: { ids: [], vectors: new Float32Array(0) }, dimensions: 1, k: 3, seed: 1 })
    expect(none.ids).toEqual([])
  })
})
