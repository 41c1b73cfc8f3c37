import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { symmetricEigen } from '../../src/embed/eigen.js'

const times = (a: Float64Array, x: Float64Array, n: number) =>
  Float64Array.from({ length: n }, (_, i) => a.subarray(i * n, (i + 1) * n).reduce((sum, v, j) => sum + v * x[j]!, 0))
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0)

/** How far the answer is from one: ‖A v − λ v‖ and ‖VVᵀ − I‖, by the largest component. */
function worstResidual(matrix: Float64Array, n: number) {
  const { values, vectors } = symmetricEigen(matrix, n)
  let worst = 0
  for (let i = 0; i < n; i++) {
    const v = vectors.subarray(i * n, (i + 1) * n)
    times(matrix, v, n).forEach((value, k) => {
      worst = Math.max(worst, Math.abs(value - values[i]! * v[k]!))
    })
    for (let j = 0; j <= i; j++) {
      const product = dot(v, vectors.subarray(j * n, (j + 1) * n))
      worst = Math.max(worst, Math.abs(product - (i === j ? 1 : 0)))
    }
  }
  return worst
}

// Doubles of every size, many of them so small that a square of one is lost, and many zeros.
const entry = fc.oneof(
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.constantFrom(0, 1, -1),
  fc.tuple(fc.integer({ min: -320, max: 0 }), fc.double({ min: -1, max: 1, noNaN: true })).map(([e, m]) => m * 10 ** e),
)
const symmetric = fc.integer({ min: 1, max: 12 }).chain((n) =>
  fc.array(entry, { minLength: n * n, maxLength: n * n }).map((cells) => {
    const matrix = new Float64Array(n * n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) matrix[i * n + j] = cells[Math.min(i, j) * n + Math.max(i, j)]!
    return { n, matrix }
  }),
)

describe('symmetricEigen', () => {
  it('finds orthonormal vectors that the matrix only stretches, largest value first', () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const { values } = symmetricEigen(matrix, n)
        expect([...values]).toEqual([...values].sort((a, b) => b - a))
        expect(worstResidual(matrix, n)).toBeLessThan(1e-10)
      }),
    )
  })

  it('gives the known answer for a 2 × 2 matrix, its largest component positive', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, -1, -1, 2), 2)
    expect(values[0]).toBeCloseTo(3, 12)
    expect(values[1]).toBeCloseTo(1, 12)
    expect(vectors[0]).toBeCloseTo(Math.SQRT1_2, 12)
    expect(vectors[1]).toBeCloseTo(-Math.SQRT1_2, 12)
  })

  it('copes with the zero matrix, with repeated values and with values 10^16 apart', () => {
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0])
    expect(worstResidual(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), 3)).toBe(0)
    expect(worstResidual(Float64Array.of(1e8, 1, 1e-8, 1, 1, 1, 1e-8, 1, 1e-8), 3)).toBeLessThan(1e-6)
  })

  it('leaves the matrix it was given alone', () => {
    const matrix = Float64Array.of(4, 1, 2, 1, 3, 0, 2, 0, 1)
    const before = [...matrix]
    symmetricEigen(matrix, 3)
    expect([...matrix]).toEqual(before)
  })

  it('refuses numbers that are not finite instead of turning for ever', () => {
    expect(() => symmetricEigen(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2)).toThrow(/finite/)
  })
})
