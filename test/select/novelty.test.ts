import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNoveltyIndex } from '../../src/select/novelty.js'
import { rougeL } from '../../src/select/rouge.js'

const word = fc.integer({ min: 0, max: 25 }).map((n) => `w${Math.floor(n ** 2 / 25)}`)
const text = fc.array(word, { maxLength: 45, size: 'max' }).map((found) => found.join(' '))

/** Every text compared with every earlier one. */
function slowNearest(texts: readonly string[], asked: string): { id: string; score: number }[] {
  return texts
    .map((other, n) => ({ id: String(n), score: rougeL(other, asked, { tokens: 'words' }).f, n }))
    .sort((a, b) => b.score - a.score || a.n - b.n)
    .map(({ id, score }) => ({ id, score }))
}

describe('a novelty index', () => {
  it('finds what comparing with every text finds, at any threshold', () => {
    const threshold = fc.constantFrom(0, 0.3, 0.5, 0.7, 0.7000000000000001, 0.9, 1)
    fc.assert(
      fc.property(
        threshold,
        fc.array(text, { maxLength: 30 }),
        fc.array(text, { maxLength: 8 }),
        (limit, texts, asked) => {
          const index = createNoveltyIndex({ threshold: limit })
          for (const [n, each] of texts.entries()) index.add(String(n), each)
          for (const each of [...asked, ...texts]) {
            const ranked = slowNearest(texts, each)
            const best = ranked[0]
            expect(index.duplicateOf(each)).toEqual(best && best.score > limit ? best : undefined)
            const { neighbours, mean } = index.nearest(each)
            expect(neighbours).toEqual(ranked.slice(0, 10))
            expect(mean).toBeCloseTo(ranked.reduce((sum, { score }) => sum + score, 0) / (texts.length || 1), 12)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('finds the same once its ranking of tokens was made anew', () => {
    const texts = Array.from({ length: 700 }, (_, n) =>
      Array.from(
        { length: 6 + (n % 9) },
        (_, place) => `w${((n * 7919 + place * 104729) % 1009) % (5 + (n % 60))}`,
      ).join(' '),
    )
    const index = createNoveltyIndex({ threshold: 0.6 })
    for (const [n, each] of texts.entries()) {
      const best = slowNearest(texts.slice(0, n), each)[0]
      if (n % 23 === 0) expect(index.duplicateOf(each), each).toEqual(best && best.score > 0.6 ? best : undefined)
      index.add(String(n), each)
    }
  })

  it('keeps a text exactly at the threshold, and drops one a rounding above it', () => {
    const index = createNoveltyIndex({ tokens: 'ascii' })
    index.add('a', 'a b c d e f g h i j')
    expect(index.duplicateOf('a b c d e f g x y z')).toBeUndefined()
    index.add('b', '1 2 3 4 5 6 7')
    expect(index.duplicateOf('1 x 2 x 3 x 4 x 5 x 6 x 7')).toEqual({ id: 'b', score: 0.7000000000000001 })
  })

  it('has no neighbours for a text without tokens, and none at first', () => {
    const index = createNoveltyIndex()
    expect(index.nearest('anything')).toEqual({ neighbours: [], mean: 0 })
    index.add('a', '?!')
    expect(index.duplicateOf('?!')).toBeUndefined()
    expect(index.size).toBe(1)
  })

  it('refuses a threshold that is no share', () => {
    expect(() => createNoveltyIndex({ threshold: 70 })).toThrow('Expected `threshold` to be a number from 0 to 1')
  })
})
