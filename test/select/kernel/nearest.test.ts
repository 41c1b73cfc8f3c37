import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { simdAvailable } from '../../../src/select/kernel/memory.js'
import { distancesFrom, type Nearest, nearestCentroid } from '../../../src/select/kernel/nearest.js'
import { CorruptInputError } from '../../../src/stream/errors.js'
import { uniform } from '../../../src/text/hash.js'

/** Coordinates on a coarse grid make ties frequent; the fine ones make every rounding count. */
const coordinate = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ min: -1e6, max: 1e6, noNaN: true }),
)

const problem = fc
  .tuple(fc.integer({ min: 1, max: 21 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 11 }))
  .chain(([dimensions, k, rows]) =>
    fc.record({
      dimensions: fc.constant(dimensions),
      rows: fc.constant(rows),
      centroids: fc.array(coordinate, { minLength: k * dimensions, maxLength: k * dimensions }),
      vectors: fc.array(coordinate, { minLength: rows * dimensions, maxLength: rows * dimensions }),
    }),
  )

/** The labels and distances, which both kinds agree on; the bound on the runner-up is theirs. */
function sure({ labels, distances }: Nearest) {
  return { labels, distances }
}

function random(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => uniform(seed, String(at), 'test') * 2 - 1)
}

describe('nearestCentroid', () => {
  test('uses SIMD on every Node that sluice supports', () => {
    expect(simdAvailable()).toBe(true)
    expect(nearestCentroid(new Float32Array(2), 2).kind).toBe('simd')
    expect(nearestCentroid(new Float32Array(2), 2, { kind: 'plain' }).kind).toBe('plain')
  })

  test('gives the same labels and distances in WebAssembly and in TypeScript, bit for bit, for any shape', () => {
    fc.assert(
      fc.property(problem, ({ dimensions, rows, centroids, vectors }) => {
        const data = Float32Array.from(vectors)
        const simd = nearestCentroid(Float32Array.from(centroids), dimensions, { kind: 'simd' }).assign(data, rows)
        const plain = nearestCentroid(Float32Array.from(centroids), dimensions, { kind: 'plain' }).assign(data, rows)
        expect(sure(simd)).toEqual(sure(plain))
        simd.second.forEach((bound, row) => {
          expect(bound).toBeLessThanOrEqual(plain.second[row]!)
          expect(bound).toBeGreaterThanOrEqual(simd.distances[row]!)
        })
      }),
      { numRuns: 300 },
    )
  })

  test('gives the same bits over several tiles', () => {
    const [dimensions, rows, k] = [37, 2500, 101]
    const centroids = random(k * dimensions, 1)
    const vectors = random(rows * dimensions, 2)
    const simd = nearestCentroid(centroids, dimensions, { kind: 'simd' }).assign(vectors, rows)
    const plain = nearestCentroid(centroids, dimensions, { kind: 'plain' }).assign(vectors, rows)
    expect(sure(simd)).toEqual(sure(plain))
    expect(new Set(simd.labels).size).toBeGreaterThan(90)
  })

  test('gives the same bits where centroids are many and near ties are common', () => {
    const [dimensions, rows, k] = [24, 3000, 700]
    // A cloud far from the origin, with every centroid twice, a hair apart: 16 bits alone could not tell them.
    const half = random((k / 2) * dimensions, 7)
    const centroids = random(k * dimensions, 9).map((value, at) => 3 + half[at % half.length]! / 50 + value / 1e6)
    const vectors = random(rows * dimensions, 8).map((value) => 3 + value / 50)
    const simd = nearestCentroid(centroids, dimensions, { kind: 'simd' }).assign(vectors, rows)
    const plain = nearestCentroid(centroids, dimensions, { kind: 'plain' }).assign(vectors, rows)
    expect(sure(simd)).toEqual(sure(plain))
    expect(new Set(simd.labels).size).toBeGreaterThan(300)
  })

  test('gives the same bits for rows and centroids of very different lengths', () => {
    const [dimensions, rows, k] = [19, 1500, 150]
    const spread = (value: number, at: number) => value * 10 ** ((Math.floor(at / dimensions) % 25) - 12)
    const centroids = random(k * dimensions, 5).map(spread)
    const vectors = random(rows * dimensions, 6).map(spread)
    vectors.fill(0, 0, 2 * dimensions)
    const simd = nearestCentroid(centroids, dimensions, { kind: 'simd' }).assign(vectors, rows)
    expect(sure(simd)).toEqual(sure(nearestCentroid(centroids, dimensions, { kind: 'plain' }).assign(vectors, rows)))
  })

  test('agrees with distances computed one by one in double precision', () => {
    const [dimensions, rows, k] = [64, 500, 30]
    const centroids = random(k * dimensions, 3)
    const vectors = random(rows * dimensions, 4)
    const { labels, distances, second } = nearestCentroid(centroids, dimensions).assign(vectors, rows)
    for (let row = 0; row < rows; row++) {
      const exact = Array.from({ length: k }, (_, c) => {
        let sum = 0
        for (let d = 0; d < dimensions; d++)
          sum += (vectors[row * dimensions + d]! - centroids[c * dimensions + d]!) ** 2
        return sum
      })
      const sorted = exact.toSorted((a, b) => a - b)
      expect(exact[labels[row]!]).toBe(sorted[0])
      expect(distances[row]).toBeCloseTo(sorted[0]!, 4)
      expect(second[row]).toBeLessThan(sorted[1]! + 1e-4)
      expect(second[row]).toBeGreaterThan(sorted[1]! - 0.02)
    }
  })

  test('names the lowest of equal centroids', () => {
    for (const kind of ['simd', 'plain'] as const) {
      const centroids = new Float32Array(19 * 3).fill(5)
      centroids.set([1, 1, 1], 6)
      centroids.set([1, 1, 1], 27)
      centroids.set([1, 1, 1], 45)
      const { labels, distances, second } = nearestCentroid(centroids, 3, { kind }).assign(
        new Float32Array(3).fill(1),
        1,
      )
      expect([labels[0], distances[0], second[0]]).toEqual([2, 0, 0])
    }
  })

  test('takes no vectors, and has no second best beside a single centroid', () => {
    const one = nearestCentroid(Float32Array.of(3, 4), 2)
    expect(one.assign(new Float32Array(0), 0).labels).toHaveLength(0)
    expect(one.assign(Float32Array.of(0, 0), 1)).toEqual({
      labels: Uint32Array.of(0),
      distances: Float32Array.of(25),
      second: Float32Array.of(Number.POSITIVE_INFINITY),
    })
  })

  test('moves to other centroids of the same shape', () => {
    const kernel = nearestCentroid(Float32Array.of(0, 10), 1)
    expect(kernel.assign(Float32Array.of(9), 1).labels[0]).toBe(1)
    kernel.move(Float32Array.of(8, 0))
    expect(kernel.assign(Float32Array.of(9), 1).labels[0]).toBe(0)
    expect(() => kernel.move(new Float32Array(3))).toThrow('Expected 2 centroids of 1 dimensions, got 3 numbers')
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30])(
    'refuses a vector with %f in it and names its row',
    (value) => {
      for (const kind of ['simd', 'plain'] as const) {
        const kernel = nearestCentroid(random(40, 5), 4, { kind })
        const vectors = random(1200 * 4, 6)
        vectors[1100 * 4 + 2] = value
        const ids = Array.from({ length: 1200 }, (_, row) => `shard#${row}`)
        expect(() => kernel.assign(vectors, 1200, ids)).toThrow(CorruptInputError)
        expect(() => kernel.assign(vectors, 1200, ids)).toThrow(/shard#1100/)
        expect(() => nearestCentroid(Float32Array.of(1, 2, 3, value), 2, { kind })).toThrow(/centroid 1/)
      }
    },
  )

  test('refuses numbers that are not whole vectors, and no centroids', () => {
    expect(() => nearestCentroid(new Float32Array(5), 2)).toThrow('Expected `centroids` to be rows of 2 numbers')
    expect(() => nearestCentroid(new Float32Array(0), 2).assign(new Float32Array(2), 1)).toThrow(
      'at least one centroid',
    )
    expect(nearestCentroid(new Float32Array(0), 2).assign(new Float32Array(0), 0).labels).toHaveLength(0)
    expect(() => nearestCentroid(new Float32Array(4), 0)).toThrow('Expected `dimensions`')
    expect(() => nearestCentroid(new Float32Array(4), 2).assign(new Float32Array(3), 2)).toThrow('Expected 2 vectors')
  })
})

describe('distancesFrom', () => {
  test('gives the same bits in WebAssembly and in TypeScript, and 0 for equal vectors', () => {
    fc.assert(
      fc.property(problem, ({ dimensions, rows, vectors }) => {
        const data = Float32Array.from(vectors)
        const simd = distancesFrom(data, dimensions, { kind: 'simd' })
        const plain = distancesFrom(data, dimensions, { kind: 'plain' })
        for (let row = 0; row < rows; row++) {
          const centre = data.slice(row * dimensions, (row + 1) * dimensions)
          const distances = simd(centre)
          expect(distances).toEqual(plain(centre))
          expect(distances[row]).toBe(0)
        }
      }),
    )
  })
})
