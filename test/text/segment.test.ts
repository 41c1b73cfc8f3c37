import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSegmenter, words } from '../../src/text/segment.js'
import { createVocabulary } from '../../src/text/vocabulary.js'

describe('words', () => {
  it('are runs of letters, marks and digits of any script, in lower case', () => {
    expect(words("Don't sort 3.14 Ünïcode; naïve_CAFÉ?")).toEqual([
      ...['don', 't', 'sort', '3', '14', 'ünïcode', 'naïve', 'café'],
    ])
    expect(words('Привет, мир! 안녕하세요 세계 हिन्दी')).toEqual(['привет', 'мир', '안녕하세요', '세계', 'हिन्दी'])
  })

  it('are single characters where a script has no spaces', () => {
    expect(words('你好，world！カタカナー')).toEqual(['你', '好', 'world', 'カ', 'タ', 'カ', 'ナ', 'ー'])
    expect(words('中文GPT4模型')).toEqual(['中', '文', 'gpt4', '模', '型'])
    expect(words('ที่')).toEqual(['ที่'])
    expect(words('𠀀𠀁')).toEqual(['𠀀', '𠀁'])
  })

  it('are the same for compatible forms of a character', () => {
    expect(words('ＡＢＣ １２ ﬁne e\u0301')).toEqual(['abc', '12', 'fine', 'é'])
  })

  it('leave out marks of punctuation, emoji and lone surrogates', () => {
    expect(words('a😀b \ud83d c\udc00d — 。！')).toEqual(['a', 'b', 'c', 'd'])
    expect(words('')).toEqual([])
  })

  it('keep letters of other planes together', () => {
    expect(words('𞤀𞤁 x')).toEqual(['𞤢𞤣', 'x'])
  })

  it('of kind ascii are runs of a-z and 0-9', () => {
    expect(words('Café au lait, 你好 don_t K9', 'ascii')).toEqual(['caf', 'au', 'lait', 'don', 't', 'k9'])
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('a', 'Z', '0', ' ', '.', 'é', '好'), fc.string({ unit: 'binary' })),
    })
    fc.assert(
      fc.property(text, (any) => {
        expect(words(any, 'ascii')).toEqual(any.toLowerCase().match(/[a-z0-9]+/g) ?? [])
      }),
    )
  })

  it('come in the order of the text, none overlapping, whatever the text', () => {
    const segment = createSegmenter()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        const { text, bounds, count } = segment(any)
        for (let n = 0; n < 2 * count; n++) expect(bounds[n]!).toBeGreaterThanOrEqual(n === 0 ? 0 : bounds[n - 1]!)
        for (let n = 0; n < count; n++)
          expect(text.slice(bounds[2 * n], bounds[2 * n + 1])).toMatch(/^[\p{L}\p{M}\p{N}\u{20000}-\u{3ffff}]+$/u)
      }),
    )
  })

  it('are found however many there are', () => {
    expect(words('ab '.repeat(5000))).toHaveLength(5000)
  })
})

describe('a vocabulary', () => {
  it('numbers tokens as they come, and looks others up without learning them', () => {
    const vocabulary = createVocabulary()
    expect([...vocabulary.add('a rose is a rose')]).toEqual([0, 1, 2, 0, 1])
    expect([...vocabulary.find('is it a Rose')]).toEqual([2, -1, 0, 1])
    expect(vocabulary.size).toBe(3)
  })
})
