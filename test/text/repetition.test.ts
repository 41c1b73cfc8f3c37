import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyRepetition, prefixRepetition } from '../../src/text/repetition.js'

/** As it would be found by trying everything. */
function slowly(text: string, times: number, starts: readonly number[]): string | undefined {
  for (let period = 1; period <= text.length; period++) {
    for (const start of starts) {
      const unit = text.slice(start, start + period)
      if (unit.length === period && text.startsWith(unit.repeat(times + 1), start)) return unit
    }
  }
  return undefined
}

// Few letters and pieces of repetitions, or chance would hardly ever repeat.
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }),
      fc
        .tuple(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 9 }), fc.nat(8))
        .map(([unit, n]) => unit.repeat(n)),
    ),
    { maxLength: 5 },
  )
  .map((pieces) => pieces.join(''))

describe('a unit repeated on end', () => {
  it('is found at the start as by trying everything', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(prefixRepetition(any, 5)).toBe(slowly(any, 5, [0]))
      }),
      { numRuns: 500 },
    )
  })

  it('is found anywhere wherever trying everything finds one', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 6 }), (any, times) => {
        const found = anyRepetition(any, times)
        const slow = slowly(
          any,
          times,
          Array.from(any, (_, n) => n),
        )
        expect(found === undefined).toBe(slow === undefined)
        if (found !== undefined) {
          expect(any).toContain(found.repeat(times + 1))
          // Of a size with the shortest: units are looked for from 1, 2, 4, 8 … characters up.
          expect(Math.floor(Math.log2(found.length))).toBe(Math.floor(Math.log2(slow!.length)))
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is looked for in a book as fast as in a page', () => {
    // What makes a search try again and again: units that nearly repeat.
    const nearly = `${'a'.repeat(300)}b`.repeat(5)
    expect(prefixRepetition(nearly, 400)).toBeUndefined()
    const book = Array.from({ length: 40 }, (_, n) =>
      nearly.slice(0, 5 * n + 900).replaceAll('a', n % 2 ? 'x' : 'yz'),
    ).join('')
    expect(anyRepetition(book, 400)).toBeUndefined()
    expect(anyRepetition(`${Array.from({ length: 60_000 }, (_, n) => n).join(' ')}${'不不'.repeat(3)}`, 5)).toBe('不')
  })
})
