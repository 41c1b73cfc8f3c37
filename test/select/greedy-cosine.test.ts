import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createGreedyCosine } from '../../src/select/greedy-cosine.js'

// Small whole numbers, so that a dot product has no rounding and a limit is met exactly.
const dimensions = 3
const vectors = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }), fc.nat(3)), {
  maxLength: 300,
})

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0)

it('accepts what a comparison with every accepted row accepts, however the rows are cut into calls', () => {
  fc.assert(
    fc.property(vectors, fc.integer({ min: -9, max: 27 }), fc.integer({ min: 1, max: 90 }), (rows, limit, size) => {
      const accepted: number[][] = []
      const expected = rows.map((row) => {
        const cosine = Math.max(Number.NEGATIVE_INFINITY, ...accepted.map((other) => dot(row, other)))
        if (cosine <= limit) accepted.push(row)
        return { isAccepted: cosine <= limit, cosine: cosine + 0 }
      })
      const greedy = createGreedyCosine(dimensions, limit)
      const found = []
      for (let at = 0; at < rows.length; at += size) {
        found.push(...greedy.consider(Float32Array.from(rows.slice(at, at + size).flat())))
      }
      expect(found.map(({ isAccepted, cosine }) => ({ isAccepted, cosine: cosine + 0 }))).toEqual(expected)
    }),
  )
})
