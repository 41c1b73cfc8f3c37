import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { largestDot } from '../../../src/select/kernel/largest-dot.js'
import { CorruptInputError } from '../../../src/stream/errors.js'
import { randomNumbers } from '../vectors.js'

describe('largestDot', () => {
  test('finds what comparing one by one finds, in both kinds, while vectors are added', () => {
    const shape = fc.record({
      dimensions: fc.integer({ min: 1, max: 13 }),
      batches: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 4 }),
      rows: fc.integer({ min: 0, max: 9 }),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(shape, ({ dimensions, batches, rows, seed }) => {
        const simd = largestDot(dimensions, { kind: 'simd' })
        const plain = largestDot(dimensions, { kind: 'plain' })
        const all: number[] = []
        const vectors = randomNumbers(rows * dimensions, seed)
        batches.forEach((count, turn) => {
          const added = randomNumbers(count * dimensions, seed + turn + 1)
          all.push(...added)
          simd.add(added)
          plain.add(added)
          const found = simd.find(vectors, rows)
          expect(found).toEqual(plain.find(vectors, rows))
          for (let row = 0; row < rows; row++) {
            let most = Number.NEGATIVE_INFINITY
            for (let at = 0; at < all.length; at += dimensions) {
              let dot = 0
              for (let d = 0; d < dimensions; d++) dot += all[at + d]! * vectors[row * dimensions + d]!
              most = Math.max(most, dot)
            }
            if (most === Number.NEGATIVE_INFINITY) expect(found.dots[row]).toBe(most)
            else expect(found.dots[row]).toBeCloseTo(most, 5)
          }
        })
        expect(simd.size).toBe(all.length / dimensions)
      }),
      { numRuns: 60 },
    )
  })

  test('names the lowest of equal vectors', () => {
    for (const kind of ['simd', 'plain'] as const) {
      const similar = largestDot(2, { kind })
      similar.add(Float32Array.of(1, 0, 0, 1, 0, 1))
      expect(similar.find(Float32Array.of(0, 2, 3, 0), 2)).toEqual({
        labels: Uint32Array.of(1, 0),
        dots: Float32Array.of(2, 3),
      })
    }
  })

  test('refuses vectors that cannot be compared, held or looked for', () => {
    const similar = largestDot(2)
    const faulty = Float32Array.of(1, 2, Number.NaN, 0)
    expect(() => similar.add(faulty)).toThrow(/held vector 1/)
    expect(() => similar.find(faulty, 2, ['a', 'b'])).toThrow(CorruptInputError)
    similar.add(Float32Array.of(1, 2))
    expect(() => similar.find(faulty, 2, ['a', 'b'])).toThrow(/not: b/)
    expect(() => similar.add(Float32Array.of(1, 2, 3))).toThrow('rows of 2 numbers')
    expect(() => largestDot(0)).toThrow('Expected `dimensions`')
  })
})
