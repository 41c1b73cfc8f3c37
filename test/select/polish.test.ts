import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearestCentroid } from '../../src/select/kernel/nearest.js'
import { createPolish, decodePolish } from '../../src/select/polish.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { arrivals, mergeAll, randomNumbers, rowIds, take } from './vectors.js'

describe('createPolish', () => {
  const [dimensions, count] = [3, 120]
  const ids = rowIds(count)
  const vectors = randomNumbers(count * dimensions, 1)
  const centroids = Float32Array.of(0.5, 0.5, 0.5, -0.5, -0.5, 0, 0.1, -0.3, 0.2, 9, 9, 9)

  test('moves centroids to the means of their rows, and leaves one without rows where it is', () => {
    const polish = createPolish({ centroids, dimensions })
    polish.push(vectors)
    const { labels, distances } = nearestCentroid(centroids, dimensions).assign(vectors, count)
    const found = polish.finish()
    for (let c = 0; c < 3; c++) {
      const members = [...labels.keys()].filter((row) => labels[row] === c)
      expect(found.counts[c]).toBe(members.length)
      for (let d = 0; d < dimensions; d++) {
        const mean = members.reduce((sum, row) => sum + vectors[row * dimensions + d]!, 0) / members.length
        expect(found.centroids[c * dimensions + d]).toBeCloseTo(mean, 6)
      }
    }
    expect(found.counts[3]).toBe(0)
    expect(found.centroids.subarray(9)).toEqual(Float32Array.of(9, 9, 9))
    expect(found.inertia).toBeCloseTo(
      distances.reduce((sum, distance) => sum + distance, 0),
      3,
    )
    expect(found.exact).toBe(true)
  })

  test('gives the same bytes for any order of rows, any batches, any shards and any tree of merges', () => {
    const whole = createPolish({ centroids, dimensions })
    whole.push(vectors)
    fc.assert(
      fc.property(arrivals(count), fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (shards, tree) => {
        const parts = shards.map((batches) => {
          const polish = createPolish({ centroids, dimensions })
          for (const rows of batches) polish.push(take(ids, vectors, dimensions, rows).vectors)
          return decodePolish(polish.encode(), { centroids, dimensions })
        })
        const merged = mergeAll(parts, tree)
        expect(merged.encode().equals(whole.encode())).toBe(true)
        expect(merged.finish()).toEqual(whole.finish())
      }),
    )
  })

  test('says when vectors are too long for exact sums', () => {
    const polish = createPolish({ centroids, dimensions })
    polish.push(Float32Array.of(1e10, 0, 0))
    expect(polish.finish()).toMatchObject({
      exact: false,
      centroids: Float32Array.of(0.5, 0.5, 0.5, -0.5, -0.5, 0, 0.1, -0.3, 0.2, 1e10, 0, 0),
    })
  })

  test('takes no rows, and no centroids', () => {
    expect(createPolish({ centroids, dimensions }).finish()).toMatchObject({ centroids, inertia: 0, exact: true })
    const empty = createPolish({ centroids: new Float32Array(0), dimensions })
    empty.push(new Float32Array(0))
    expect(decodePolish(empty.encode(), { centroids: new Float32Array(0), dimensions }).finish().counts).toHaveLength(0)
  })

  test('names the row whose vector is not finite', () => {
    const polish = createPolish({ centroids, dimensions })
    const faulty = vectors.slice()
    faulty[7 * dimensions] = Number.NEGATIVE_INFINITY
    expect(() => polish.push(faulty, ids)).toThrow(`not: ${ids[7]}`)
    expect(polish.finish().counts).toEqual(new Float64Array(4))
  })

  test('merges only with sums of its shape, and reads only whole bytes', () => {
    const polish = createPolish({ centroids, dimensions })
    expect(() => polish.merge(createPolish({ centroids: centroids.subarray(3), dimensions }))).toThrow(UsageError)
    expect(() => decodePolish(polish.encode().subarray(1), { centroids, dimensions })).toThrow(CorruptInputError)
  })
})
