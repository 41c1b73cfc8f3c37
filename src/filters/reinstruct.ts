import type { Reason } from '../stream/keep.js'
import { codePointLength, countOccurrences, splitWords } from '../text/words.js'
import { proseFilter } from './prose.js'
import verbForms from './verb-forms.json' with { type: 'json' }

export type ReinstructSelectorOptions = {
  /** `strict`: the published rules bug for bug; `right`: as they were meant; `light`: {@link proseFilter}. */
  mode: 'strict' | 'right' | 'light'
  /** Fewest characters of a text in `light`, whose published rules fix 1,200; default 200. */
  minChars?: number
  /** Most characters of a text in `light`, whose published rules fix 3,000; default 3,000. */
  maxChars?: number
}

/**
 * The heuristics by which REInstruct (arXiv 2408.10663) picks texts that read like an assistant's answer: short
 * paragraphs that each begin with another verb. Lengths count code points, words are cut as Python cuts them.
 *
 * `strict` keeps the published code's slip of dropping the result of its punctuation removal, so that "12", "-", "A"
 * and "I" count as words in capitals. `right` differs in that rule alone: it strips the 32 ASCII punctuation marks and
 * counts a word only where at least two capital letters are left and no small one ("USA", not "3D" or "12").
 * The verbs in both are WordNet's, not the published list (README.md here).
 */
export function reinstructSelector({
  mode,
  minChars,
  maxChars,
}: ReinstructSelectorOptions): (text: string) => Reason | undefined {
  if (mode === 'light') return proseFilter({ minChars, maxChars })
  if (mode !== 'strict' && mode !== 'right') {
    throw new TypeError(`Expected \`mode\` to be strict, right or light, got \`${mode}\``)
  }
  const isCapitals = mode === 'strict' ? isUpperAsCoded : isUpperAsMeant
  const base = new Set(verbForms.base.flatMap((words) => words.split(' ')))
  const ing = new Set(verbForms.ing.flatMap((words) => words.split(' ')))
  return (text) => {
    const chars = codePointLength(text)
    if (chars < 1200) return { reason: 'fewer than 1200 characters', detail: `${chars}` }
    if (chars > 3000) return { reason: 'more than 3000 characters', detail: `${chars}` }
    const sign = signs.find((mark) => text.includes(mark))
    if (sign !== undefined) return { reason: 'web signs or an ellipsis', detail: sign }
    const lower = text.toLowerCase()
    if (pronounHits(lower) > 2) return 'more than 2 personal pronouns'
    if (countOccurrences(text, '?') > 1) return 'more than 1 question mark'
    const capitals = splitWords(text).filter(isCapitals)
    if (capitals.length > 2) return { reason: 'more than 2 words in capitals', detail: capitals.slice(0, 5).join(' ') }
    return judgeLineStarts(lower, base, ing)
  }
}

/** Rules f and g: the words that begin a line, the first line and lines after a blank one aside. */
function judgeLineStarts(lower: string, base: Set<string>, ing: Set<string>): Reason | undefined {
  const starts = Array.from(lower.matchAll(/\n([a-z]+) /g), (match) => match[1]!)
  if (new Set(starts).size < starts.length - 1) return { reason: 'repeated line starts', detail: starts.join(' ') }
  const newlines = countOccurrences(lower, '\n')
  const isFormOf = (verbs: Set<string>) => {
    const count = starts.filter((word) => verbs.has(word)).length
    return count >= 4 && count <= 10 && newlines < count + 2
  }
  if (isFormOf(base) || isFormOf(ing)) return undefined
  return { reason: 'not 4 to 10 paragraphs that begin with a verb', detail: starts.join(' ') }
}

const signs = ['...', '…', '™', '#', '&', '*', '®', '@']

const pronouns = ['we ', 'our ', 'i ', "i've ", "we've ", "we're ", 'my ', 'he ', 'she ', 'us ']

function pronounHits(lower: string): number {
  return pronouns.reduce(
    (hits, word) => hits + countOccurrences(lower, ` ${word}`) + countOccurrences(lower, `\n${word}`),
    0,
  )
}

function isUpperAsCoded(word: string): boolean {
  return word === word.toUpperCase()
}

function isUpperAsMeant(word: string): boolean {
  const bare = word.replace(/[!-/:-@[-`{-~]/g, '')
  return bare === bare.toUpperCase() && (bare.match(/\p{Lu}/gu)?.length ?? 0) >= 2
}

export type ReinstructOutputOptions = {
  /** Also reject outputs that refuse or apologise; default false, as published. */
  removeRefusals?: boolean
}

/**
 * The rules REInstruct applies after the rewrite: instructions of at most 500 code points that never say "this", and
 * outputs that are no long list and do not speak of the text they were made from. "this" is a substring as in the
 * published code, so "thistle" leaves too.
 */
export function reinstructOutputFilter({
  removeRefusals = false,
}: ReinstructOutputOptions = {}): (pair: { instruction: string; output: string }) => Reason | undefined {
  const sources = ['web text', 'based on the information provided']
  const refusals = removeRefusals ? ['sorry', 'i apologize'] : []
  return ({ instruction, output }) => {
    if (codePointLength(instruction) > 500) return 'instruction longer than 500 characters'
    if (countOccurrences(output, '- ') > 10) return 'more than 10 list items in the output'
    if (instruction.toLowerCase().includes('this')) return 'instruction points at something with "this"'
    const lower = output.toLowerCase()
    const source = sources.find((phrase) => lower.includes(phrase))
    if (source !== undefined) return { reason: 'output speaks of its source', detail: source }
    const refusal = refusals.find((phrase) => lower.includes(phrase))
    if (refusal !== undefined) return { reason: 'output refuses or apologises', detail: refusal }
    return undefined
  }
}
