import { describe, expect, it } from 'vitest'
import { cutSections, plainProse } from '../../src/text/sections.js'
import { words } from '../../src/text/segment.js'
import { trimSpecialTokens } from '../../src/text/special-tokens.js'
import { endsSentence, splitSentences, splitWords } from '../../src/text/words.js'

const texts = [
  ...[
    '[',
    '`',
    '<',
    '<!--',
    '![',
    '](',
    '[a](',
    '[a][',
    '[[a](b)](c)',
    '(',
    '*a',
    '**',
    '_',
    '~~',
    '&',
    '\\',
    '<a ',
    '<a@',
  ],
  ...[
    '`a``b```',
    '> ',
    '>\n',
    '# ',
    '#\n',
    'a\n=\n',
    '- ',
    '- a\n',
    '1. ',
    'a|b\n-|-\n',
    '```\n',
    '    a\n',
    '\n',
    ' ',
    '-->',
  ],
  ...[
    '<!--\n',
    'a <!--\n',
    '<pre>\n',
    '<a>',
    '- a\n```\n',
    '> - > - ',
    ':\n\n',
    '.',
    '. ',
    'a. ',
    '"',
    ')',
    '。',
    '</s>',
    '\ud83d',
    '\u0301\u0316',
    'Σ',
    '𠀀',
  ],
]

/** CPU time, not the clock's: the least of three runs, since other work on the machine only ever adds. */
function cpuMicros(work: () => void): number {
  const once = () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  return Math.min(once(), once(), once())
}

describe.each([
  ['cutSections', cutSections],
  ['plainProse', plainProse],
  ['splitSentences', splitSentences],
  ['splitWords', splitWords],
  ['endsSentence', endsSentence],
  ['trimSpecialTokens', trimSpecialTokens],
  ['words', words],
])('%s', (_, read: (text: string) => unknown) => {
  it('takes time linear in hostile text', () => {
    for (const part of texts) {
      const [small, large] = [16_000, 128_000].map((chars) => `A${part.repeat(chars / part.length)}a`)
      const baseline = cpuMicros(() => read(small!))
      // Eight times the text takes a quadratic reader 64 times as long; the constant stands for warming up.
      expect(
        cpuMicros(() => read(large!)),
        JSON.stringify(part),
      ).toBeLessThan(30 * baseline + 100_000)
    }
  })
})
