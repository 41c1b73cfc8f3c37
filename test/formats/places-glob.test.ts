import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatcher, staticFolder } from '../../src/formats/places/glob.js'

const matches = (pattern: string, path: string) => globMatcher(pattern)(path)

describe('a pattern of paths elsewhere', () => {
  it.each([
    ['*.parquet', 'a.parquet', true],
    ['*.parquet', 'data/a.parquet', false],
    ['**/*.parquet', 'a.parquet', true],
    ['**/*.parquet', 'x/y/a.parquet', true],
    ['**', 'x/y', true],
    ['data/**', 'data/x/y', true],
    ['data/**', 'other/x', false],
    ['a/**/b/**/c', 'a/x/b/y/z/c', true],
    ['a/**/b/**/c', 'a/x/y/c', false],
    ['train-?????-of-*.parquet', 'train-00001-of-00009.parquet', true],
    ['train-[0-4]*', 'train-3', true],
    ['train-[!0-4]*', 'train-3', false],
    ['*.{jsonl,jsonl.gz}', 'x.jsonl.gz', true],
    ['{a,b{c,d}}/x', 'bd/x', true],
    ['{a,b{c,d}}/x', 'b/x', false],
    ['{open', '{open', true],
    ['a+(b).*', 'a+(b).txt', true],
    ['*', '.hidden', false],
    ['**/*.json', '.git/x.json', false],
    ['.git/*', '.git/x', true],
    ['*语*.txt', '汉语书.txt', true],
    ['*😀', 'a😀', true],
  ])('%s, given %s: %s', (pattern, path, want) => {
    expect(matches(pattern, path)).toBe(want)
  })

  it('knows the folder that holds all it can match', () => {
    expect(staticFolder('data/en/**/*.json')).toBe('data/en')
    expect(staticFolder('*.json')).toBe('')
  })

  it('matches every path made by filling in its stars', () => {
    const word = fc.stringMatching(/^[a-c]{0,4}$/)
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 6 }),
        fc.array(word, { minLength: 6, maxLength: 6 }),
        (fixed, filled) => {
          const path = fixed.map((each, index) => each + (filled[index] ?? '')).join('')
          expect(matches(`${fixed.join('*')}*`, path)).toBe(true)
        },
      ),
    )
  })

  it('does not take exponential time', () => {
    expect(matches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false)
    expect(matches(`${'**/a/'.repeat(200)}b`, 'a/'.repeat(2000))).toBe(false)
    expect(() => matches('{a,b}'.repeat(40), 'x')).toThrow(/more than 1000/)
  })
})
