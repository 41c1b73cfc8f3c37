import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countSentences, printWords } from '../../src/text/print-words.js'

describe('the words of a printed text', () => {
  it.each([
    ["Don't stop (now)!", ['Do', "n't", 'stop', '(', 'now', ')', '!']],
    ["It's Tom's, they're mine.", ['It', "'s", 'Tom', "'s", ',', 'they', "'re", 'mine', '.']],
    [
      'a well-known and/or 3,000 fold rise of 10.5%',
      ['a', 'well', '-', 'known', 'and', '/', 'or', '3,000', 'fold', 'rise', 'of', '10.5', '%'],
    ],
    ['See https://a.b/c?d=e, or mail x@y.org.', ['See', 'https://a.b/c?d=e', ',', 'or', 'mail', 'x@y.org', '.']],
    ['Wait... what?! “Yes”', ['Wait', '...', 'what', '?', '!', '“', 'Yes', '”']],
    ['in the U.S. for $5', ['in', 'the', 'U.S.', 'for', '$', '5']],
    ['--flag=1 x_y #tag', ['--flag=1', 'x_y', '#', 'tag']],
  ])('%s', (text, words) => {
    expect(printWords(text)).toEqual(words)
  })

  it('are all of the text but its white space, in order, and the same from the cache', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const words = printWords(text)
        expect(words.join('')).toBe((text.match(/\S+/gu) ?? []).join(''))
        expect(printWords(text)).toEqual(words)
      }),
    )
  })

  it('make sentences that end at their marks', () => {
    expect(countSentences(printWords('One. Two!  Three? "Four." And five'))).toBe(5)
    expect(countSentences(printWords('no mark at all'))).toBe(1)
    expect(countSentences([])).toBe(0)
  })
})
