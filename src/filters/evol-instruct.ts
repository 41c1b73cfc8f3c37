import type { Reason } from '../stream/keep.js'
import { countOccurrences, countWords } from '../text/words.js'
import { isOnlyStopWords } from './stop-words.js'

/** An instruction and the one it was evolved from. */
export type Evolved = { readonly parent: string; readonly evolved: string }

/** What the rules listen for, in a language; the English words are the published ones. */
type Phrases = {
  readonly markers: readonly string[]
  readonly sorry: readonly string[]
  readonly assistant: readonly string[]
  readonly apology: readonly string[]
}

const phrases: Readonly<Record<'en' | 'zh', Phrases>> = {
  en: {
    markers: ['given prompt', 'rewritten prompt', 'created prompt'],
    sorry: ['sorry'],
    assistant: ['as an ai', 'ai assistant', 'how can i assist'],
    apology: ["i'm sorry"],
  },
  zh: {
    markers: ['给定的指令', '给定的提示', '改写后的指令', '改写后的提示', '新写的指令', '新写的提示'],
    sorry: ['抱歉', '对不起', 'sorry'],
    assistant: ['作为一个人工智能', '作为人工智能', '作为一个ai', '作为ai', 'ai助手', '人工智能助手', '有什么可以帮'],
    apology: ['抱歉', '对不起'],
  },
}

type RuleOptions = {
  /** Which language's words the rules listen for; default `en`, the published ones. */
  language?: keyof typeof phrases
}

/**
 * Elimination rule 4 of Evol-Instruct (arXiv 2304.12244): the evolved text copies what the prompt called its parts: "given
 * prompt", "rewritten prompt", "created prompt", in any case, `#` signs around it or not.
 */
export function copiesMarkers(evolved: string, { language = 'en' }: RuleOptions = {}): Reason | undefined {
  const lower = evolved.toLowerCase()
  const marker = phrases[language].markers.find((phrase) => lower.includes(phrase))
  return marker === undefined ? undefined : { reason: "copies the prompt's markers", detail: marker }
}

/**
 * Elimination rules 2 and 3: an answer that says "sorry", in any case, in fewer than 80 words; and one of nothing but
 * punctuation and stop words. A CJK character counts as a word.
 */
export function judgeAnswer(answer: string, { language = 'en' }: RuleOptions = {}): Reason | undefined {
  const lower = answer.toLowerCase()
  const isSorry = phrases[language].sorry.some((phrase) => lower.includes(phrase))
  if (isSorry && countWords(answer) < 80) return 'the answer is sorry'
  return isOnlyStopWords(answer) ? 'the answer says nothing' : undefined
}

export type H2oOptions = RuleOptions & {
  /** Fewest bytes of an evolved instruction, in UTF-8; default 512. */
  minBytes?: number
  /** Most bytes of it; default 1,024. */
  maxBytes?: number
}

/** The further checks of h2o-wizardlm: layout, an assistant's phrases, a new apology, and a length in bytes. */
export function h2oChecks({
  minBytes = 512,
  maxBytes = 1024,
  language = 'en',
}: H2oOptions = {}): (pair: Evolved) => Reason | undefined {
  const { assistant, apology } = phrases[language]
  const spaces = (text: string) => (language === 'en' ? countOccurrences(text, ' ') : countWords(text))
  return ({ parent, evolved }) => {
    if (evolved === parent) return 'unchanged'
    if (countOccurrences(evolved, '\n') > 2 * spaces(evolved)) return 'more lines than text'
    if ((evolved.match(/^[^\S\n]*[-*•] /gm)?.length ?? 0) > 10) return 'more than 10 bullets'
    const lower = evolved.toLowerCase()
    const phrase = assistant.find((each) => lower.includes(each))
    if (phrase !== undefined) return { reason: 'speaks as an assistant', detail: phrase }
    const apologises = apology.some((each) => lower.includes(each) && !parent.toLowerCase().includes(each))
    if (apologises && evolved.length < 400) return 'apologises'
    const bytes = Buffer.byteLength(evolved)
    if (bytes < minBytes) return { reason: 'too short', detail: `${bytes} bytes` }
    return bytes > maxBytes ? { reason: 'too long', detail: `${bytes} bytes` } : undefined
  }
}
