import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kmeans } from '../../src/select/kmeans.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { planted, randomNumbers, rowIds, take, vectorOf } from './vectors.js'

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2
  return sum
}

/** Lloyd in double precision as one writes it first, from the first rows of a shuffle; the least inertia of `tries`. */
function slowKmeans(vectors: Float32Array, dimensions: number, k: number, tries: number): number {
  const rows = Array.from({ length: vectors.length / dimensions }, (_, row) => [...vectorOf(vectors, row, dimensions)])
  const shuffles = Array.from({ length: tries }, (_, turn) => {
    const keys = randomNumbers(rows.length, 100 + turn)
    return [...rows.keys()].sort((a, b) => keys[a]! - keys[b]!)
  })
  const inertias = shuffles.map((order) => {
    let centroids = order.slice(0, k).map((row) => rows[row]!)
    const nearest = (row: number[]) => Math.min(...centroids.map((centroid) => squaredDistance(row, centroid)))
    for (let turn = 0; turn < 20; turn++) {
      const groups = centroids.map((): number[][] => [])
      for (const row of rows) groups[centroids.findIndex((c) => squaredDistance(row, c) === nearest(row))]!.push(row)
      centroids = groups.map((group, c) =>
        group.length === 0
          ? centroids[c]!
          : Array.from({ length: dimensions }, (_, d) => group.reduce((sum, row) => sum + row[d]!, 0) / group.length),
      )
    }
    return rows.reduce((sum, row) => sum + nearest(row), 0)
  })
  return Math.min(...inertias)
}

describe('kmeans', () => {
  test('finds planted clusters', () => {
    const [blobs, dimensions] = [12, 8]
    const { centres, vectors, ids } = planted(blobs, 50, dimensions, 0.3)
    const { centroids, k, inertia } = kmeans({ ids, vectors, dimensions, k: blobs, seed: 1, iterations: 20 })
    expect(k).toBe(blobs)
    const found = Array.from({ length: blobs }, (_, c) => vectorOf(centroids, c, dimensions))
    for (let blob = 0; blob < blobs; blob++) {
      const nearest = found.map((centroid) => squaredDistance(centroid, vectorOf(centres, blob, dimensions)))
      expect(Math.min(...nearest)).toBeLessThan(0.1)
    }
    expect(inertia / ids.length).toBeCloseTo((dimensions * 0.3 ** 2) / 3, 1)
  })

  test('comes as near as the best of ten plain runs of Lloyd', () => {
    for (const [k, seed] of [
      [3, 1],
      [8, 2],
      [20, 3],
    ] as const) {
      const vectors = randomNumbers(400 * 4, seed)
      const ours = kmeans({ ids: rowIds(400), vectors, dimensions: 4, k, seed, iterations: 20 })
      expect(ours.inertia).toBeLessThan(1.05 * slowKmeans(vectors, 4, k, 10))
    }
  })

  test('gives the same bytes for any order of rows', () => {
    const { ids, vectors } = planted(6, 12, 3, 1)
    const weights = Float64Array.from(ids, (_, row) => 1 + (row % 5) / 3)
    const straight = kmeans({ ids, vectors, weights, dimensions: 3, k: 9, seed: 5 })
    const order = [...ids.keys()]
    fc.assert(
      fc.property(fc.shuffledSubarray(order, { minLength: order.length, maxLength: order.length }), (rows) => {
        const shuffled = take(ids, vectors, 3, rows)
        const found = kmeans({
          ...shuffled,
          weights: Float64Array.from(rows, (row) => weights[row]!),
          dimensions: 3,
          k: 9,
          seed: 5,
        })
        expect(found).toEqual(straight)
      }),
      { numRuns: 30 },
    )
  })

  test('seeds from a sample when there are many rows, the same for any order', () => {
    const ids = rowIds(12_000)
    const vectors = randomNumbers(24_000, 1)
    const straight = kmeans({ ids, vectors, dimensions: 2, k: 4, seed: 5 })
    const back = take(ids, vectors, 2, [...ids.keys()].reverse())
    expect(kmeans({ ...back, dimensions: 2, k: 4, seed: 5 })).toEqual(straight)
    expect(straight.k).toBe(4)
  })

  test('finds distinct vectors that the seeding sample missed', () => {
    const rows = 12_000
    const vectors = new Float32Array(rows).fill(1)
    vectors.set([7, 8, 9], 5000)
    const found = kmeans({ ids: rowIds(rows), vectors, dimensions: 1, k: 5, seed: 5 })
    expect([...found.centroids].sort()).toEqual([1, 7, 8, 9])
  })

  test('counts a row as often as it weighs', () => {
    const once = kmeans({
      ids: ['a', 'b'],
      vectors: Float32Array.of(0, 10),
      weights: Float64Array.of(1, 4),
      dimensions: 1,
      k: 1,
      seed: 1,
    })
    expect(once.centroids).toEqual(Float32Array.of(8))
    expect(once.inertia).toBe(64 + 4 * 4)
  })

  test('gives fewer clusters than asked for when there are fewer distinct vectors', () => {
    const vectors = Float32Array.of(1, 1, 2, 2, 1, 1, 3, 3, 2, 2)
    const { centroids, ...found } = kmeans({ ids: rowIds(5), vectors, dimensions: 2, k: 4, seed: 1 })
    expect(found).toEqual({ k: 3, asked: 4, iterations: 1, inertia: 0 })
    expect([...centroids].sort()).toEqual([1, 1, 2, 2, 3, 3])
  })

  test('takes no row, one row, and rows that are all equal', () => {
    const none = kmeans({ ids: [], vectors: new Float32Array(0), dimensions: 3, k: 2, seed: 1 })
    expect(none).toEqual({ centroids: new Float32Array(0), k: 0, asked: 2, iterations: 0, inertia: 0 })
    const one = kmeans({ ids: ['a'], vectors: Float32Array.of(1, 2, 3), dimensions: 3, k: 2, seed: 1 })
    expect(one).toMatchObject({ centroids: Float32Array.of(1, 2, 3), k: 1, inertia: 0 })
    const equal = kmeans({ ids: rowIds(50), vectors: new Float32Array(150).fill(0.1), dimensions: 3, k: 7, seed: 1 })
    expect(equal).toMatchObject({ centroids: new Float32Array(3).fill(0.1), k: 1, inertia: 0 })
  })

  test('puts one centroid at the mean', () => {
    const vectors = randomNumbers(300 * 2, 9)
    const { centroids, iterations } = kmeans({ ids: rowIds(300), vectors, dimensions: 2, k: 1, seed: 1 })
    const mean = (d: number) => vectors.filter((_, at) => at % 2 === d).reduce((sum, value) => sum + value, 0) / 300
    expect(centroids[0]).toBeCloseTo(mean(0), 6)
    expect(centroids[1]).toBeCloseTo(mean(1), 6)
    expect(iterations).toBe(1)
  })

  test('stops at the number of iterations it was given', () => {
    const vectors = randomNumbers(1000 * 3, 2)
    const run = (iterations: number) =>
      kmeans({ ids: rowIds(1000), vectors, dimensions: 3, k: 20, seed: 1, iterations })
    expect(run(0).iterations).toBe(0)
    expect(run(2).iterations).toBe(2)
    expect(run(2).inertia).toBeLessThan(run(0).inertia)
  })

  test('names the row whose vector is not finite', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const vectors = Float32Array.of(1, 2, 3, value)
      const run = () => kmeans({ ids: ['a', 'b', 'c', 'd'], vectors, dimensions: 1, k: 2, seed: 1 })
      expect(run).toThrow(CorruptInputError)
      expect(run).toThrow(/not: d$/)
    }
  })

  test('refuses weights and shapes that make no sense', () => {
    const rows = { ids: ['a', 'b'], vectors: Float32Array.of(1, 2), dimensions: 1, k: 1, seed: 1 }
    expect(() => kmeans({ ...rows, weights: Float64Array.of(1, 0) })).toThrow('Expected every weight')
    expect(() => kmeans({ ...rows, weights: Float64Array.of(1) })).toThrow('an id and a weight for each of 2 vectors')
    expect(() => kmeans({ ...rows, ids: ['a'] })).toThrow('an id and a weight')
    expect(() => kmeans({ ...rows, k: 0 })).toThrow('Expected `k`')
  })
})
