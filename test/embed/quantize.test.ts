import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expand, quantize, rounded, roundedEmbedder } from '../../src/embed/quantize.js'
import { staticEmbedder } from '../../src/embed/static/embed.js'

const dimensions = 5
const component = fc.oneof(fc.float({ min: -1, max: 1, noNaN: true }), fc.constantFrom(0, 1, -1, 1e-20))
const unitRows = fc
  .array(fc.array(component, { minLength: dimensions, maxLength: dimensions }), { maxLength: 20 })
  .map((rows) => Float32Array.from(rows.flatMap((row) => unit(row))))

function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row)
  return row.map((value) => (length === 0 ? 0 : value / length))
}

describe.each(['int8', 'int16'] as const)('%s', (precision) => {
  const largest = precision === 'int8' ? 127 : 32_767

  it('keeps each component within half a step, and the length of a row', () => {
    fc.assert(
      fc.property(unitRows, (vectors) => {
        const kept = rounded(vectors, dimensions, precision)
        for (let at = 0; at < vectors.length; at += dimensions) {
          const [row, now] = [vectors, kept].map((all) => Array.from(all.subarray(at, at + dimensions)))
          const length = Math.hypot(...row!)
          expect(Math.hypot(...now!)).toBeCloseTo(length, 6)
          const step = Math.max(...row!.map(Math.abs)) / largest
          // Half a step, and what giving the row its length again moves the component by.
          const most = step / 2 + (step * Math.sqrt(dimensions)) / 2 + 1e-7
          for (const [k, value] of row!.entries()) expect(Math.abs(value - now![k]!)).toBeLessThanOrEqual(most)
        }
      }),
    )
  })

  it('gives rows that were quantized before the same numbers and scales again', () => {
    fc.assert(
      fc.property(unitRows, (vectors) => {
        const once = quantize(vectors, dimensions, precision)
        expect(quantize(expand(once, dimensions), dimensions, precision)).toEqual(once)
      }),
    )
  })

  it('gives a row of zeros scale 0, and the largest component of any other the largest number', () => {
    const { scales, values } = quantize(Float32Array.of(0, 0, 0.6, -0.8), 2, precision)
    expect(scales[0]).toBe(0)
    expect(Array.from(values)).toEqual([0, 0, Math.round(0.75 * largest), -largest])
  })

  it('rounds what an embedder gives, and says so in its id', async () => {
    const plain = await staticEmbedder()
    const embedder = roundedEmbedder(plain, precision)
    expect(embedder.id).toBe(`${plain.id}:${precision}`)
    const texts = ['A cold frame saves time', '', '文本']
    expect(await embedder.embed(texts)).toEqual(rounded(await plain.embed(texts), 128, precision))
  })
})
