import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codePointLength, countOccurrences, endsSentence, splitSentences, splitWords } from '../../src/text/words.js'

describe('codePointLength', () => {
  it('counts an emoji as one and a lone surrogate as one', () => {
    expect(codePointLength('a😀b')).toBe(3)
    expect(codePointLength('\ud83d')).toBe(1)
    expect(codePointLength('\ude00\ud83d')).toBe(2)
    expect(codePointLength('👩‍👧')).toBe(3)
  })

  it('equals the number of code points of any string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => codePointLength(text) === [...text].length))
  })
})

describe('splitWords', () => {
  it('cuts at the white space of Python, not at that of JavaScript', () => {
    expect(splitWords('a\x1cb\x1fc\x85d\u00a0e\u3000f')).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(splitWords('a\ufeffb')).toEqual(['a\ufeffb'])
    expect(splitWords('a\u200bb')).toEqual(['a\u200bb'])
  })

  it('gives no empty words', () => {
    expect(splitWords('  \n a \t\v\f b \r\n')).toEqual(['a', 'b'])
    expect(splitWords(' ')).toEqual([])
  })
})

describe('countOccurrences', () => {
  it('counts overlaps once', () => {
    expect(countOccurrences('aaaa', 'aa')).toBe(2)
    expect(countOccurrences(' i i i ', ' i ')).toBe(2)
    expect(countOccurrences('', 'a')).toBe(0)
  })
})

describe('endsSentence', () => {
  it.each([
    'Done.',
    'Really?',
    '"Done."',
    '(See below.)',
    'Done .  \n',
    '完成了。',
    '「真的吗？」',
    'So…',
    '**Done.**',
  ])('is true of %j', (text) => expect(endsSentence(text)).toBe(true))

  it.each(['', '   ', 'Usage', 'As follows:', 'and,', '完成了，', '")'])('is false of %j', (text) =>
    expect(endsSentence(text)).toBe(false),
  )
})

describe('splitSentences', () => {
  it('cuts Latin text after marks that white space follows', () => {
    expect(splitSentences('It is 3.14. Is it? "Yes!" So v1.2 it is')).toEqual([
      'It is 3.14.',
      'Is it?',
      '"Yes!"',
      'So v1.2 it is',
    ])
  })

  it('cuts Chinese text without white space', () => {
    expect(splitSentences('今天下雨。你带伞了吗？“带了！”好')).toEqual(['今天下雨。', '你带伞了吗？', '“带了！”', '好'])
  })

  it('does not cut at abbreviations and initials', () => {
    expect(splitSentences('Use a tool, e.g. make. J. Doe wrote it.')).toEqual([
      'Use a tool, e.g. make.',
      'J. Doe wrote it.',
    ])
  })

  it('loses nothing but white space between sentences', () => {
    const marks = fc.constantFrom('a', 'B', '.', '!', '。', ' ', '\n', '"', '😀', '1')
    const bare = (text: string) => text.replace(/\s/g, '')
    fc.assert(
      fc.property(fc.string({ unit: marks }), (text) => {
        const sentences = splitSentences(text)
        return bare(sentences.join('')) === bare(text) && sentences.every((sentence) => sentence.trim() !== '')
      }),
    )
  })
})
