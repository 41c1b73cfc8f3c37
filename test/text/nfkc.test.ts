import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizeText } from '../../src/text/nfkc.js'

describe('normalizeText', () => {
  it('is NFKC for texts of any length in which something starts anew now and then', () => {
    const character = fc.oneof(
      fc.constantFrom(
        'a',
        'é',
        'e\u0301',
        'ﬁ',
        'Ａ',
        '한',
        '\u1112\u1161\u11ab',
        '中',
        'й',
        '\u0438\u0306',
        'が',
        '\u00a0',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    )
    fc.assert(
      fc.property(fc.array(character, { minLength: 400, maxLength: 4000 }), (parts) => {
        const text = parts.join('')
        expect(normalizeText(text)).toBe(text.normalize('NFKC'))
      }),
      { numRuns: 60 },
    )
  })

  it('cuts a megabyte of combining marks instead of sorting it, and keeps pairs whole', () => {
    const marks = normalizeText(`a${'\u0301\u0323'.repeat(500_000)}`)
    expect(marks.length).toBeGreaterThan(990_000)
    const faces = `x${'\u{1F642}'.repeat(3000)}`
    expect(normalizeText(faces)).toBe(faces)
  })
})
