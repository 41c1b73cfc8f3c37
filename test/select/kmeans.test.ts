import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearestCentroid } from '../../src/select/kernel/nearest.js'
import { kmeans } from '../../src/select/kmeans.js'
import { inIdOrder, type WeightedRows } from '../../src/select/weighted-rows.js'
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

/** Lloyd iterations as lloyd.ts has them that look at every row, with the kernel's own labels and sums in the same order. */
function everyRow(
  { vectors, weights, dimensions }: WeightedRows,
  seeds: Float32Array,
  { most, iterations }: { most: number; iterations: number },
) {
  let centroids = seeds
  let before: Uint32Array | undefined
  for (let turn = 0; turn < iterations; turn++) {
    const { labels } = nearestCentroid(centroids, dimensions).assign(vectors, weights.length)
    const isPlain = turn === 0 || turn === most - 1 || labels.every((label, row) => label === before?.[row])
    before = labels
    const sums = new Float64Array(seeds.length)
    const masses = new Float64Array(seeds.length / dimensions)
    labels.forEach((label, row) => {
      masses[label]! += weights[row]!
      for (let d = 0; d < dimensions; d++)
        sums[label * dimensions + d]! += weights[row]! * vectors[row * dimensions + d]!
    })
    const from = centroids
    const means = Float32Array.from(sums, (sum, at) => sum / masses[Math.floor(at / dimensions)]!)
    centroids = isPlain ? means : means.map((mean, at) => mean + 0.7 * (mean - from[at]!))
  }
  return centroids
}

describe('kmeans', () => {
  test('finds planted clusters', async () => {
    const [blobs, dimensions] = [12, 8]
    const { centres, vectors, ids } = planted(blobs, 50, dimensions, 0.3)
    const { centroids, k, inertia } = await kmeans({ ids, vectors, dimensions, k: blobs, seed: 1, iterations: 20 })
    expect(k).toBe(blobs)
    const found = Array.from({ length: blobs }, (_, c) => vectorOf(centroids, c, dimensions))
    for (let blob = 0; blob < blobs; blob++) {
      const nearest = found.map((centroid) => squaredDistance(centroid, vectorOf(centres, blob, dimensions)))
      expect(Math.min(...nearest)).toBeLessThan(0.1)
    }
    expect(inertia / ids.length).toBeCloseTo((dimensions * 0.3 ** 2) / 3, 1)
  })

  test('comes as near as the best of ten plain runs of Lloyd', async () => {
    for (const [k, seed] of [
      [3, 1],
      [8, 2],
      [20, 3],
    ] as const) {
      const vectors = randomNumbers(400 * 4, seed)
      const ours = await kmeans({ ids: rowIds(400), vectors, dimensions: 4, k, seed, iterations: 20 })
      expect(ours.inertia).toBeLessThan(1.05 * slowKmeans(vectors, 4, k, 10))
    }
  })

  test('gives the same bytes for any order of rows', async () => {
    const { ids, vectors } = planted(6, 12, 3, 1)
    const weights = Float64Array.from(ids, (_, row) => 1 + (row % 5) / 3)
    const straight = await kmeans({ ids, vectors, weights, dimensions: 3, k: 9, seed: 5 })
    const order = [...ids.keys()]
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(order, { minLength: order.length, maxLength: order.length }),
        async (rows) => {
          const shuffled = take(ids, vectors, 3, rows)
          const found = await kmeans({
            ...shuffled,
            weights: Float64Array.from(rows, (row) => weights[row]!),
            dimensions: 3,
            k: 9,
            seed: 5,
          })
          expect(found).toEqual(straight)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('seeds from a sample when there are many rows, the same for any order', async () => {
    const ids = rowIds(12_000)
    const vectors = randomNumbers(24_000, 1)
    const straight = await kmeans({ ids, vectors, dimensions: 2, k: 4, seed: 5 })
    const back = take(ids, vectors, 2, [...ids.keys()].reverse())
    expect(await kmeans({ ...back, dimensions: 2, k: 4, seed: 5 })).toEqual(straight)
    expect(straight.k).toBe(4)
  })

  test('finds distinct vectors that the seeding sample missed', async () => {
    const rows = 12_000
    const vectors = new Float32Array(rows).fill(1)
    vectors.set([7, 8, 9], 5000)
    const found = await kmeans({ ids: rowIds(rows), vectors, dimensions: 1, k: 5, seed: 5 })
    expect([...found.centroids].sort()).toEqual([1, 7, 8, 9])
  })

  test('counts a row as often as it weighs', async () => {
    const once = await kmeans({
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

  test('gives fewer clusters than asked for when there are fewer distinct vectors', async () => {
    const vectors = Float32Array.of(1, 1, 2, 2, 1, 1, 3, 3, 2, 2)
    const { centroids, ...found } = await kmeans({ ids: rowIds(5), vectors, dimensions: 2, k: 4, seed: 1 })
    expect(found).toEqual({ k: 3, asked: 4, iterations: 1, inertia: 0 })
    expect([...centroids].sort()).toEqual([1, 1, 2, 2, 3, 3])
  })

  test('takes no row, one row, and rows that are all equal', async () => {
    const none = await kmeans({ ids: [], vectors: new Float32Array(0), dimensions: 3, k: 2, seed: 1 })
    expect(none).toEqual({ centroids: new Float32Array(0), k: 0, asked: 2, iterations: 0, inertia: 0 })
    const one = await kmeans({ ids: ['a'], vectors: Float32Array.of(1, 2, 3), dimensions: 3, k: 2, seed: 1 })
    expect(one).toMatchObject({ centroids: Float32Array.of(1, 2, 3), k: 1, inertia: 0 })
    const equal = await kmeans({
      ids: rowIds(50),
      vectors: new Float32Array(150).fill(0.1),
      dimensions: 3,
      k: 7,
      seed: 1,
    })
    expect(equal).toMatchObject({ centroids: new Float32Array(3).fill(0.1), k: 1, inertia: 0 })
  })

  test('puts one centroid at the mean', async () => {
    const vectors = randomNumbers(300 * 2, 9)
    const run = { ids: rowIds(300), vectors, dimensions: 2, k: 1, seed: 1 }
    const { centroids } = await kmeans(run)
    const mean = (d: number) => vectors.filter((_, at) => at % 2 === d).reduce((sum, value) => sum + value, 0) / 300
    expect(centroids[0]).toBeCloseTo(mean(0), 6)
    expect(centroids[1]).toBeCloseTo(mean(1), 6)
    expect((await kmeans({ ...run, iterations: 8 })).iterations).toBe(1)
  })

  test('stops at the number of iterations it was given', async () => {
    const vectors = randomNumbers(1000 * 3, 2)
    const run = (iterations: number) =>
      kmeans({ ids: rowIds(1000), vectors, dimensions: 3, k: 20, seed: 1, iterations })
    const [none, two] = [await run(0), await run(2)]
    expect([none.iterations, two.iterations]).toEqual([0, 2])
    expect(two.inertia).toBeLessThan(none.inertia)
  })

  test('names the row whose vector is not finite', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const vectors = Float32Array.of(1, 2, 3, value)
      const run = () => kmeans({ ids: ['a', 'b', 'c', 'd'], vectors, dimensions: 1, k: 2, seed: 1 })
      await expect(run()).rejects.toThrow(CorruptInputError)
      await expect(run()).rejects.toThrow(/not: d$/)
    }
  })

  test('refuses weights and shapes that make no sense', async () => {
    const rows = { ids: ['a', 'b'], vectors: Float32Array.of(1, 2), dimensions: 1, k: 1, seed: 1 }
    await expect(kmeans({ ...rows, weights: Float64Array.of(1, 0) })).rejects.toThrow('Expected every weight')
    await expect(kmeans({ ...rows, weights: Float64Array.of(1) })).rejects.toThrow(
      'an id and a weight for each of 2 vectors',
    )
    await expect(kmeans({ ...rows, ids: ['a'] })).rejects.toThrow('an id and a weight')
    await expect(kmeans({ ...rows, k: 0 })).rejects.toThrow('Expected `k`')
  })

  test('gives what looking at every row in every iteration gives', async () => {
    for (const [k, spread, iterations] of [
      [5, 0.3, 12],
      [40, 1, 12],
      [90, 3, 5],
    ] as const) {
      const { vectors, ids } = planted(30, 40, 6, spread)
      const weights = Float64Array.from(ids, (_, row) => 1 + (row % 7) / 3)
      const start = await kmeans({ ids, vectors, weights, dimensions: 6, k, seed: 3, iterations: 0 })
      const found = await kmeans({ ids, vectors, weights, dimensions: 6, k, seed: 3, iterations })
      const rows = inIdOrder({ ids, vectors, weights, dimensions: 6 })
      expect(found.centroids).toEqual(
        everyRow(rows, start.centroids, { most: iterations, iterations: found.iterations }),
      )
    }
  })

  test('stops in the middle when it is told to', async () => {
    const stop = new AbortController()
    const vectors = randomNumbers(60_000 * 16, 3)
    const run = kmeans({ ids: rowIds(60_000), vectors, dimensions: 16, k: 200, seed: 1, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 20)
    await expect(run).rejects.toThrow('enough')
  })
})
