import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reinstructOutputFilter, reinstructSelector } from '../../src/filters/reinstruct.js'
import type { Reason } from '../../src/stream/keep.js'

type SelectCase = { name: string; chars: number; text: string; keep: boolean }
type FilterCase = { name: string; remove_refusal: boolean; instruction: string; output: string; keep: boolean }

function values<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/values/${file}`, import.meta.url), 'utf8'))
}
const selectCases = values<SelectCase[]>('reinstruct_select_conformance.json')
const filterCases = values<FilterCase[]>('reinstruct_filter_conformance.json')

const phrase = (reason: Reason | undefined) => (typeof reason === 'object' ? reason.reason : reason)
const strict = reinstructSelector({ mode: 'strict' })
const right = reinstructSelector({ mode: 'right' })

const filler = ' The leaves dry well on paper in the dark and keep for a year.'
const starts = ['Choose', 'Fill', 'Water', 'Trim', 'Feed', 'Rotate']

/** A text that strict keeps: a first line and six paragraphs that begin with a verb; `change` makes a case of it. */
function recipe(change: (paragraphs: string[]) => string[] = (paragraphs) => paragraphs): string {
  return change(['Growing herbs is calm.', ...starts.map((verb) => `${verb} the pots.${filler.repeat(3)}`)]).join('\n')
}

describe('reinstructSelector in strict mode', () => {
  it.each(selectCases)('decides as the published code does on: $name', ({ text, keep }) => {
    expect(strict(text) === undefined).toBe(keep)
  })

  it('keeps 7 of the 18 published cases', () => {
    expect(selectCases.filter(({ text }) => strict(text) === undefined)).toHaveLength(7)
    expect(selectCases).toHaveLength(18)
  })

  it.each([
    ['fewer than 1200 characters', ([first, ...rest]: string[]) => [first!, ...rest.map((line) => line.slice(0, 150))]],
    ['more than 3000 characters', (lines: string[]) => lines.map((line) => line + filler.repeat(6))],
    ['web signs or an ellipsis', ([first, ...rest]: string[]) => [`${first} #1`, ...rest]],
    ['more than 2 personal pronouns', ([first, ...rest]: string[]) => [`${first} so he said she and we may`, ...rest]],
    ['more than 1 question mark', ([first, ...rest]: string[]) => [`${first} What? How?`, ...rest]],
    ['more than 2 words in capitals', ([first, ...rest]: string[]) => [`${first} A 12 -`, ...rest]],
    ['repeated line starts', ([first, second, , , ...rest]: string[]) => [first!, second!, second!, second!, ...rest]],
    ['not 4 to 10 paragraphs that begin with a verb', (lines: string[]) => lines.map((line) => `“${line}”`)],
  ])('says: %s', (reason, change) => {
    expect(strict(recipe())).toBeUndefined()
    expect(phrase(strict(recipe(change)))).toBe(reason)
  })

  it('asks in the order of the published code', () => {
    expect(phrase(strict('# A A A ? ?'))).toBe('fewer than 1200 characters')
    expect(phrase(strict(`${recipe()} # ? ? A B C`))).toBe('web signs or an ellipsis')
    expect(phrase(strict(`${recipe()} ? ? A B C`))).toBe('more than 1 question mark')
  })

  it('counts the length in code points', () => {
    const text = recipe()
    const emoji = '😀'.repeat(1500)
    expect(text.length + emoji.length).toBeGreaterThan(3000)
    expect(strict(text + emoji)).toBeUndefined()
    expect(phrase(strict(text + emoji.repeat(2)))).toBe('more than 3000 characters')
  })

  it('counts pronouns between blanks only, never at the start of the text or before a comma', () => {
    const withFirst = (words: string) => recipe(([first, ...rest]) => [`${words} ${first}`, ...rest])
    expect(strict(withFirst('He we, she, my. us; our'))).toBeUndefined()
    expect(strict(withFirst('So He I a we b'))).toEqual('more than 2 personal pronouns')
  })

  it('takes a no-break space and the separators \\x1c to \\x1f for white space between words', () => {
    const withFirst = (words: string) => recipe(([first, ...rest]) => [`${words} ${first}`, ...rest])
    expect(phrase(strict(withFirst('so\u00a012\x1c34\x1f56')))).toBe('more than 2 words in capitals')
    expect(strict(withFirst('so12\ufeff34\ufeff56'))).toBeUndefined()
  })

  it('compares with the full upper case, in which ß is SS and a ligature two letters', () => {
    const withFirst = (words: string) => recipe(([first, ...rest]) => [`${words} ${first}`, ...rest])
    expect(strict(withFirst('Straße STRAßE ﬁ ŉ'))).toBeUndefined()
    expect(phrase(strict(withFirst('STRASSE 漢字 ĲSSEL')))).toBe('more than 2 words in capitals')
  })
})

describe('reinstructSelector in right mode', () => {
  it('differs from strict only where the published code miscounts words in capitals', () => {
    const differing = selectCases.filter(({ text, keep }) => (right(text) === undefined) !== keep)
    expect(differing.map(({ name }) => name)).toEqual([
      'numbers count as all-caps (rejected)',
      'three standalone capital A (rejected)',
      'dash tokens count as upper (rejected)',
    ])
    expect(differing.every(({ text }) => right(text) === undefined)).toBe(true)
  })

  it('counts words of at least two capitals, whatever punctuation they wear', () => {
    const withFirst = (words: string) => recipe(([first, ...rest]) => [`${words} ${first}`, ...rest])
    expect(right(withFirst('3D I A 12 - 漢字 USA (NASA)'))).toBeUndefined()
    expect(right(withFirst('USA, (NASA) "ÖBB"'))).toMatchObject({ detail: 'USA, (NASA) "ÖBB"' })
  })
})

describe('reinstructSelector in any mode', () => {
  it.each(['strict', 'right', 'light'] as const)('%s answers for any text without throwing', (mode) => {
    const select = reinstructSelector({ mode, minChars: 1, maxChars: 1e6 })
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\nmake ', ' i ', filler, '\ud83d', '?', 'A '))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 80 }), (parts) => {
        const reason = phrase(select(parts.join('')))
        return reason === undefined || reason.length > 0
      }),
    )
  })
})

describe('reinstructSelector with a mode of another name', () => {
  it('throws at once', () => {
    expect(() => reinstructSelector({ mode: 'loose' as 'light' })).toThrow(
      'Expected `mode` to be strict, right or light',
    )
  })
})

describe('reinstructOutputFilter', () => {
  it.each(filterCases)('decides as the published code does on: $name, refusals removed $remove_refusal', (given) => {
    const judge = reinstructOutputFilter({ removeRefusals: given.remove_refusal })
    expect(judge(given) === undefined).toBe(given.keep)
  })

  it('keeps refusals unless told otherwise', () => {
    const pair = { instruction: 'Name a bee.', output: 'Sorry, no.' }
    expect(reinstructOutputFilter()(pair)).toBeUndefined()
    expect(phrase(reinstructOutputFilter({ removeRefusals: true })(pair))).toBe('output refuses or apologises')
  })

  it.each([
    [{ instruction: '😀'.repeat(500), output: 'a' }, undefined],
    [{ instruction: '😀'.repeat(501), output: 'a' }, 'instruction longer than 500 characters'],
    [{ instruction: 'a', output: '- '.repeat(10) }, undefined],
    [{ instruction: 'a', output: '- '.repeat(11) }, 'more than 10 list items in the output'],
    [{ instruction: 'Sum up THIS.', output: 'a' }, 'instruction points at something with "this"'],
    [{ instruction: 'a', output: 'The Web Text says so.' }, 'output speaks of its source'],
  ])('judges %#', (pair, reason) => {
    expect(phrase(reinstructOutputFilter()(pair))).toBe(reason)
  })
})
