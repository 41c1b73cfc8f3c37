import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difficultyOf, measurements, misleads, toMeasure } from '../../../src/recipes/ifd/difficulty.js'
import { estimateTokens } from '../../../src/text/token-count.js'

const row = { id: 'a#0', row: 0, instruction: 'Name a tree. ', output: ' An oak. ', exchanges: [] }

describe('the ratio', () => {
  it('is the perplexity after the instruction over the one alone, each over its own tokens', () => {
    const found = difficultyOf({ tokens: 4, logProbability: -8 }, { tokens: 3, logProbability: -9 })
    expect(found).toEqual({ given: Math.exp(2), alone: Math.exp(3), ifd: Math.exp(-1) })
  })

  it('keeps pairs below 1 alone', () => {
    const of = (a: number, b: number) =>
      misleads(difficultyOf({ tokens: 1, logProbability: -a }, { tokens: 1, logProbability: -b }) as never)
    expect(of(1, 2)).toBeUndefined()
    expect(of(2, 2)).toEqual({ reason: 'ratio of 1 or more', detail: '1.0000' })
    expect(of(3, 2)).toMatchObject({ reason: 'ratio of 1 or more' })
  })

  it('is none where there is nothing to measure', () => {
    expect(difficultyOf({ tokens: 1, logProbability: -1 }, { tokens: 0, logProbability: 0 })).toBe(
      'answer of one token',
    )
    expect(difficultyOf({ tokens: 1, logProbability: -1e6 }, { tokens: 1, logProbability: 0 })).toBe(
      'ratio is no number',
    )
  })

  it('is a number above 0, the perplexities divided, or a reason', () => {
    const score = fc.record({
      tokens: fc.integer({ min: 0, max: 50 }),
      logProbability: fc.double({ max: 0, noNaN: true }),
    })
    fc.assert(
      fc.property(score, score, (given, alone) => {
        const found = difficultyOf(given, alone)
        if (typeof found === 'string') return
        expect(found.ifd).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(found.ifd)).toBe(true)
        if (Number.isFinite(found.given) && Number.isFinite(found.alone)) {
          expect(found.ifd).toBeCloseTo(found.given / found.alone, 6)
        }
      }),
    )
  })
})

describe('what is measured', () => {
  it('is the answer alone, and after its instruction on a line of its own', () => {
    const pair = toMeasure(row, 1024)
    if (typeof pair === 'string') throw new Error(pair)
    expect(measurements.given.write(pair)).toEqual({ prompt: 'Name a tree.\n', continuation: 'An oak.' })
    expect(measurements.alone.write(pair)).toEqual({ prompt: '', continuation: 'An oak.' })
  })

  it('has room for so many tokens, and the same answer both times', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 2, max: 40 }),
        (a, b, most) => {
          const pair = toMeasure({ ...row, instruction: a, output: b }, most)
          if (typeof pair === 'string') return
          const [given, alone] = [measurements.given.write(pair), measurements.alone.write(pair)]
          expect(given.continuation).toBe(alone.continuation)
          expect(b.trim().startsWith(given.continuation)).toBe(true)
          expect(estimateTokens(given.prompt) + estimateTokens(given.continuation)).toBeLessThanOrEqual(most)
        },
      ),
    )
  })

  it('is nothing where the instruction fills the room', () => {
    expect(toMeasure({ ...row, instruction: 'word '.repeat(50) }, 20)).toBe('instruction leaves no room for the answer')
  })
})
