import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quantize } from '../../src/embed/quantize.js'

it.each(['int8', 'int16'] as const)('keeps each component within half a scale as %s', (precision) => {
  const largest = precision === 'int8' ? 127 : 32_767
  const component = fc.oneof(fc.float({ min: -1, max: 1, noNaN: true }), fc.constantFrom(0, 1, -1, 1e-40))
  fc.assert(
    fc.property(fc.array(fc.tuple(component, component, component), { maxLength: 20 }), (rows) => {
      const vectors = Float32Array.from(rows.flat())
      const { scales, values } = quantize(vectors, 3, precision)
      expect(scales).toHaveLength(rows.length)
      for (const [i, value] of vectors.entries()) {
        const scale = scales[Math.floor(i / 3)]!
        expect(Math.abs(values[i]!)).toBeLessThanOrEqual(largest)
        // Scales of denormal numbers have few digits; there the error is that of the scale.
        expect(Math.abs(value - values[i]! * scale)).toBeLessThanOrEqual(0.5001 * scale + largest * 2 ** -150)
      }
    }),
  )
})

it('gives a row of zeros scale 0, and the largest component of any other the largest number', () => {
  const { scales, values } = quantize(Float32Array.of(0, 0, 0.25, -0.5), 2, 'int8')
  expect(scales[0]).toBe(0)
  expect(Array.from(values)).toEqual([0, 0, 64, -127])
})
