import { describe, expect, it } from 'vitest'
import { suggest } from '../../src/text/suggest.js'

describe('suggest', () => {
  it.each([
    ['txet', ['id', 'text', 'url'], 'text'],
    ['Text', ['id', 'text'], 'text'],
    ['completions', ['prompt', 'completion'], 'completion'],
    ['instrction', ['instruction', 'introduction'], 'instruction'],
    ['reinstrcut', ['kun', 'reinstruct'], 'reinstruct'],
  ])('offers for %s out of %j the word %s', (word, candidates, expected) => {
    expect(suggest(word, candidates)).toBe(expected)
  })

  it.each([
    ['text', ['url', 'timestamp']],
    ['x', ['y', 'z']],
    ['', ['a', 'id']],
    ['text', []],
  ])('offers nothing for %j out of %j', (word, candidates) => {
    expect(suggest(word, candidates)).toBeUndefined()
  })

  it('takes the first of two equally near words', () => {
    expect(suggest('tent', ['text', 'test'])).toBe('text')
  })

  it('answers for a word as long as a book without comparing it letter by letter', () => {
    expect(suggest('x'.repeat(5_000_000), ['text', 'url'])).toBeUndefined()
  })
})
