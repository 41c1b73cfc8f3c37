import { describe, expect, it } from 'vitest'
import { proseFilter } from '../../src/filters/prose.js'
import { cutSections, plainProse } from '../../src/text/sections.js'

const judge = proseFilter()
const phrase = (text: string) => {
  const reason = judge(text)
  return typeof reason === 'object' ? reason.reason : reason
}

const prose =
  'A stream hands its rows on in batches, and whoever reads it pulls the next batch when there is room. ' +
  'Nothing is held that nobody asked for, so the memory of a run does not grow with the corpus it reads.'
const chinese = `${'数据流按批传递，读者有空时才取下一批。'.repeat(12)}`

describe('proseFilter', () => {
  it.each([
    ['English', prose],
    ['Chinese', chinese],
    ['a lead and steps in sentences', `To begin:\n\n- Read the first shard.\n- Keep what is good.\n\n${prose}`],
    ['a text that begins with the name of a package', `fs-extra adds methods to fs. ${prose}`],
    ['news summaries with their end mark', `${prose.replaceAll('. ', ' .\n')}<|endoftext|>`],
    ['an address or two', `${prose} More is told at https://example.org/streams.`],
  ])('keeps %s', (_, text) => {
    expect(judge(text)).toBeUndefined()
  })

  it.each([
    ['fewer than 200 characters', 'Too short.'],
    ['more than 3000 characters', `${prose} `.repeat(20)],
    ['too few letters', `${prose.slice(0, 120)} ${'0x1f 2b 3c; '.repeat(20)}.`],
    ['starts inside a sentence', `and so it goes on. ${prose}`],
    ['ends inside a sentence', `${prose} It was`],
    ['boilerplate', `${prose} Permission is hereby granted, free of charge, to any person.`],
    ['too many lines that are no sentences', `${prose}\n${'- a flag that does a thing\n'.repeat(6)}\nThe end.`],
    ['too many links', `${prose} ${'https://example.org/a/b/c '.repeat(4)}.`],
  ])('says: %s', (reason, text) => {
    expect(phrase(text)).toBe(reason)
  })

  it('takes its bounds in code points', () => {
    const bounded = proseFilter({ minChars: 20, maxChars: 24 })
    expect(bounded('Mind the 😀 open gap.')).toBeUndefined()
    expect(bounded('Mind the 😀 gap up.')).toEqual({ reason: 'fewer than 20 characters', detail: '18' })
    expect(bounded('Mind the 😀 really open gap.')).toEqual({ reason: 'more than 24 characters', detail: '27' })
  })

  it('refuses bounds that nothing can meet', () => {
    expect(() => proseFilter({ minChars: 300, maxChars: 200 })).toThrow('Expected `maxChars` to be a number from 300')
    expect(() => proseFilter({ minChars: Number.NaN })).toThrow('Expected `minChars`')
  })

  it('keeps the prose of a README and drops its badges, licence and options', () => {
    const readme = [
      '# rows [![build](https://ci/badge.svg)](https://ci)',
      `${prose.replaceAll(', ', ',\n')}`,
      '## Install\n```sh\nnpm install rows\n```',
      '## Options\n- `batch`: rows in a batch\n- `bytes`: bytes in a batch\n'.repeat(4),
      '## License\nPermission is hereby granted, free of charge, to any person obtaining a copy of this software.',
    ].join('\n\n')
    const kept = cutSections(readme).filter(({ text }) => judge(plainProse(text)) === undefined)
    expect(kept.map(({ heading }) => heading)).toEqual([['rows']])
  })
})
