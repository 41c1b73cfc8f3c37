import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadStaticTable } from '../../../src/embed/static/table.js'
import { unigramTokenizer } from '../../../src/embed/static/tokenize.js'

const table = await loadStaticTable()
const unknown = table.pieces.length
const open = (cachedWords?: number) => {
  const tokenize = unigramTokenizer(table.pieces, table.logProbabilities, { cachedWords })
  return (text: string, maxPieces = Number.POSITIVE_INFINITY) => {
    const { ids, count } = tokenize(text, maxPieces)
    return [...ids.subarray(0, count)]
  }
}
const written = (ids: number[]) => ids.map((id) => table.pieces[id] ?? '?')

const idOf = new Map(table.pieces.map((piece, id) => [piece, id]))

/** The definition, word by word with strings and a Map: what the fast one must equal. */
function slowly(text: string): number[] {
  const words = text
    .normalize('NFKC')
    .split(/[\0-\x20]+/)
    .filter((word) => word !== '')
  return words.flatMap((word) => {
    const units = `▁${word}`
    const best: { score: number; from: number; id: number }[] = [{ score: 0, from: 0, id: 0 }]
    for (let at = 0; at < units.length; at++) {
      const offer = (end: number, cost: number, id: number) => {
        const score = best[at]!.score + cost
        if (best[end] === undefined || score > best[end].score) best[end] = { score, from: at, id }
      }
      for (let end = at + 1; end <= Math.min(units.length, at + 16); end++) {
        const id = idOf.get(units.slice(at, end))
        if (id !== undefined) offer(end, Math.round(table.logProbabilities[id]! * 10_000), id)
      }
      if (!idOf.has(units[at]!)) offer(at + 1, -250_000, unknown)
    }
    const ids: number[] = []
    for (let at = units.length; at > 0; at = best[at]!.from) ids.unshift(best[at]!.id)
    return ids.filter((id, i) => id !== unknown || ids[i - 1] !== unknown)
  })
}

const characters = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'etaoinshrdlu  ') },
  fc.constantFrom(
    '\n',
    '\t',
    '\0',
    '.',
    '-',
    '▁',
    'é',
    'e\u0301',
    'ﬁ',
    'Ａ',
    '①',
    '\u00a0',
    '\u3000',
    '´',
    '\u{1F642}',
    '\ud83d',
    '한',
    '今天',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)

describe('unigramTokenizer', () => {
  const tokenize = open()
  const tiny = open(4)

  it('takes the pieces of highest probability, as the definition does, whether or not it knows the words', () => {
    fc.assert(
      fc.property(fc.array(characters, { maxLength: 60 }), (parts) => {
        const text = parts.join('')
        const expected = slowly(text)
        expect(tokenize(text)).toEqual(expected)
        expect(tokenize(text)).toEqual(expected)
        expect(tiny(text)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('starts each word with ▁ and splits at white space alone', () => {
    expect(written(tokenize('  the node\n\tis\0here '))).toEqual(['▁the', '▁node', '▁is', '▁here'])
    expect(written(tokenize('今天天气很好'))).toEqual(['▁', '今天', '天', '气', '很', '好'])
    expect(tokenize('')).toEqual([])
    expect(tokenize(' \n\t\r ')).toEqual([])
  })

  it('splits a word again where NFKC makes white space of one of its characters', () => {
    expect(tokenize('the\u00a0node\u3000is')).toEqual(tokenize('the node is'))
    expect(tokenize('ｔｈｅ ﬁnal')).toEqual(tokenize('the final'))
  })

  it('makes one unknown piece of a run of characters it does not know', () => {
    expect(written(tokenize('ab\u{1F642}\u{1F643}\u{1F644}cd'))).toEqual(['▁ab', '?', 'cd'])
    expect(written(tokenize('\u{1F642} \u{1F642}'))).toEqual(['▁', '?', '▁', '?'])
    expect(written(tokenize('\ud83d'))).toEqual(['▁', '?'])
  })

  it('keeps the first pieces when there are more than it may give', () => {
    const all = tokenize('one two three four five six seven eight nine ten')
    for (const cap of [1, 2, 5, all.length, all.length + 1]) {
      expect(tokenize('one two three four five six seven eight nine ten', cap)).toEqual(all.slice(0, cap))
    }
    expect(tokenize('x\u{1F642}'.repeat(50), 7)).toHaveLength(7)
  })

  it('segments a word longer than its window as it would the whole, where some cut crosses no piece', () => {
    const word = Array.from({ length: 3000 }, (_, i) => `part${i}:${(i * 7919).toString(36)}`).join(';')
    expect(tokenize(word)).toEqual(slowly(word))
  })

  it('loses nothing of a very long word without any such place', () => {
    const ids = tokenize('a'.repeat(100_000))
    expect(written(ids).join('')).toBe(`▁${'a'.repeat(100_000)}`)
  })

  it('refuses a cache that is not a power of two', () => {
    expect(() => open(1000)).toThrow(/power of two/)
    expect(() => open(0)).toThrow(/power of two/)
  })
})
