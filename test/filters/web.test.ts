import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { c4 } from '../../src/filters/c4.js'
import { documentOf } from '../../src/filters/document.js'
import { fineweb } from '../../src/filters/fineweb.js'
import { gopherQuality } from '../../src/filters/gopher.js'
import { gopherRepetition } from '../../src/filters/gopher-repetition.js'
import { judgeBy, passes, type Rule } from '../../src/filters/rules.js'

const reasonOf = (rules: Parameters<typeof judgeBy>[0], text: string) => {
  const verdict = judgeBy(rules)(documentOf(text) as never)
  return typeof verdict === 'string' ? verdict : verdict?.reason
}

/** Sixty different words of prose with stop words among them. */
const prose = Array.from({ length: 12 }, (_, n) => `The river ${'abcdefghijkl'[n]}${n} turns to the mill.`).join(' ')

/** Forty words, all different. */
const distinct = Array.from(
  { length: 40 },
  (_, n) => `${'bcdfghjklm'[n % 10]}${'aeiou'[n % 5]}${'npqrst'[n % 6]}${n}`,
).join(' ')

describe("Gopher's quality rules", () => {
  it.each([
    ['fewer than 50 words', 'The miller and the river. To be with that.'],
    ['words too short', 'a I o u '.repeat(30)],
    ['words too long', `${'incomprehensibilities the of and '.replaceAll(' ', 'xxxxxxxxxxxx ').repeat(20)}`],
    ['too many #', `${prose} ${'# '.repeat(20)}`],
    ['too many ellipses', `${prose} ${'so… '.repeat(30)}`],
    [
      'too many bullets',
      prose
        .split('. ')
        .map((line) => `- ${line}.`)
        .join('\n'),
    ],
    [
      'too many lines that trail off',
      Array.from({ length: 6 }, (_, n) => `The river ${n} turns and turns to all the old mills of the valley…`).join(
        '\n',
      ),
    ],
    ['too few words with a letter', `${prose} ${'123456 7890 '.repeat(20)}`],
    ['too few stop words', 'Mühlen mahlen langsam doch trefflich klein '.repeat(12)],
  ])('%s', (reason, text) => {
    expect(reasonOf(gopherQuality as never, text)).toBe(reason)
  })

  it('let prose through', () => {
    expect(reasonOf(gopherQuality as never, prose)).toBeUndefined()
  })
})

/** The definition word for word, with strings for runs. */
function straightforward(words: readonly string[], n: number, chars: number) {
  const runs = Array.from({ length: Math.max(0, words.length - n + 1) }, (_, at) => words.slice(at, at + n))
  const key = (run: readonly string[]) => run.join(' ')
  const counts = new Map<string, number>()
  for (const run of runs) counts.set(key(run), (counts.get(key(run)) ?? 0) + 1)
  const most = Math.max(0, ...counts.values())
  const top = [...counts].find(([, count]) => count === most)?.[0] ?? ''
  const seen = new Set<string>()
  let repeated = 0
  for (let at = 0; at < runs.length; ) {
    if (seen.has(key(runs[at]!))) {
      repeated += runs[at]!.join('').length
      at += n
    } else seen.add(key(runs[at++]!))
  }
  return { top: (most * top.length) / chars, repeated: repeated / chars }
}

describe("Gopher's repetition rules", () => {
  const measure = (reason: string, text: string) => {
    const rule = gopherRepetition.find((each) => each.reason === reason) as Rule<unknown>
    return rule.measure(documentOf(text))
  }

  it('measure runs of words as the definition does', () => {
    const text = fc.array(fc.constantFrom('a', 'bb', 'ccc', 'dddd'), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(text, (words) => {
        const plain = words.join(' ')
        for (const n of [2, 3, 4]) {
          expect(measure(`one run of ${n} words too often`, plain)).toBeCloseTo(
            straightforward(words, n, plain.length).top,
            12,
          )
        }
        for (const n of [5, 7, 10]) {
          expect(measure(`runs of ${n} words repeat`, plain)).toBeCloseTo(
            straightforward(words, n, plain.length).repeated,
            12,
          )
        }
      }),
    )
  })

  it.each([
    ['paragraphs repeat', 'One of these.\n\nOne of these.\n\nTwo of them.'],
    ['lines repeat', 'A line here\nA line here\nOne more of them'],
    ['one run of 2 words too often', 'buy now and buy now or buy now but buy now'],
    ['runs of 5 words repeat', `${distinct} and once more ${distinct}`],
  ])('%s', (reason, text) => {
    expect(reasonOf(gopherRepetition as never, text)).toBe(reason)
  })

  it('let prose through', () => {
    expect(reasonOf(gopherRepetition as never, distinct)).toBeUndefined()
  })
})

describe("FineWeb's line rules", () => {
  const lines = (n: number, line: (at: number) => string) => Array.from({ length: n }, (_, at) => line(at)).join('\n')

  it.each([
    ['too few lines that end a sentence', lines(10, (n) => `a line of more than thirty characters number ${n}`)],
    ['too many short lines', lines(10, (n) => `Short line ${n}.`)],
    ['lines repeat, by characters', `${prose}\nThe very same line stands here.\nThe very same line stands here.`],
    ['too many lines for the words', lines(20, (n) => `Donaudampfschifffahrtsgesellschaftskapitän${n}.`)],
  ])('%s', (reason, text) => {
    expect(reasonOf(fineweb as never, text)).toBe(reason)
  })

  it('let prose of any script through', () => {
    expect(reasonOf(fineweb as never, prose)).toBeUndefined()
    expect(
      reasonOf(fineweb as never, '面包在烤箱的温暖中慢慢地膨胀起来，烤面包的人都知道需要多长的时间才能烤好一个面包。'),
    ).toBeUndefined()
  })
})

describe("C4's rules", () => {
  const page = [
    'The mill stands by the river.',
    'It grinds all day long.',
    'Nobody knows who built it!',
    'Was it you, my friend?',
    'The miller said "no."',
  ]

  it('keep the lines that end a sentence, without citations', () => {
    const text = [
      ...page,
      'Menu',
      'no end mark here',
      'It trails off...',
      'Please enable javascript now.',
      'We use cookies here.',
      'See [12] for more of it.',
    ].join('\n')
    expect(c4(documentOf(text))).toEqual({ text: [...page, 'See  for more of it.'].join('\n') })
  })

  it.each([
    ['fewer than 5 sentences', page.slice(0, 4).join('\n')],
    ['lorem ipsum', [...page, 'Lorem ipsum dolor sit amet.'].join('\n')],
    ['curly bracket', [...page, 'Then write if (x) { y(); } and go on.'].join('\n')],
  ])('%s', (reason, text) => {
    const verdict = c4(documentOf(text))
    expect('reason' in verdict && (typeof verdict.reason === 'string' ? verdict.reason : verdict.reason.reason)).toBe(
      reason,
    )
  })
})

describe('a rule', () => {
  it('refuses nothing where there is nothing to measure', () => {
    const rule = { reason: 'r', measures: 'm', measure: () => Number.NaN, most: 0 }
    expect(passes(rule, Number.NaN)).toBe(true)
    for (const rules of [gopherRepetition, fineweb])
      for (const each of rules) expect(passes(each, Number.NaN)).toBe(true)
  })
})
