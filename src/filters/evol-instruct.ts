import type { Reason } from '../stream/keep.js'
import { countOccurrences, countWords } from '../text/words.js'
import { isOnlyStopWords } from './stop-words.js'

/** An instruction and the one it was evolved from. */
export type Evolved = { readonly parent: string; readonly evolved: string }

/**
 * Elimination rule 4 of Evol-Instruct (arXiv 2304.12244): the evolved text copies what the prompt called its parts: "given
 * prompt", "rewritten prompt", "created prompt", in any case, `#` signs around it or not.
 */
export function copiesMarkers(evolved: string): Reason | undefined {
  const lower = evolved.toLowerCase()
  const marker = ['given prompt', 'rewritten prompt', 'created prompt'].find((phrase) => lower.includes(phrase))
  return marker === undefined ? undefined : { reason: "copies the prompt's markers", detail: marker }
}

/**
 * Elimination rules 2 and 3: an answer that says "sorry", in any case, in fewer than 80 words; and one of nothing but
 * punctuation and stop words. A CJK character counts as a word.
 */
export function judgeAnswer(answer: string): Reason | undefined {
  if (answer.toLowerCase().includes('sorry') && countWords(answer) < 80) return 'the answer is sorry'
  return isOnlyStopWords(answer) ? 'the answer says nothing' : undefined
}

export type H2oOptions = {
  /** Fewest bytes of an evolved instruction, in UTF-8; default 512. */
  minBytes?: number
  /** Most bytes of it; default 1,024. */
  maxBytes?: number
}

/** The further checks of h2o-wizardlm: layout, an assistant's phrases, a new apology, and a length in bytes. */
export function h2oChecks({ minBytes = 512, maxBytes = 1024 }: H2oOptions = {}): (pair: Evolved) => Reason | undefined {
  return ({ parent, evolved }) => {
    if (evolved === parent) return 'unchanged'
    if (countOccurrences(evolved, '\n') > 2 * countOccurrences(evolved, ' ')) return 'more lines than text'
    if ((evolved.match(/^[^\S\n]*[-*•] /gm)?.length ?? 0) > 10) return 'more than 10 bullets'
    const lower = evolved.toLowerCase()
    const phrase = ['as an ai', 'ai assistant', 'how can i assist'].find((each) => lower.includes(each))
    if (phrase !== undefined) return { reason: 'speaks as an assistant', detail: phrase }
    const apologises = lower.includes("i'm sorry") && !parent.toLowerCase().includes("i'm sorry")
    if (apologises && evolved.length < 400) return 'apologises'
    const bytes = Buffer.byteLength(evolved)
    if (bytes < minBytes) return { reason: 'too short', detail: `${bytes} bytes` }
    return bytes > maxBytes ? { reason: 'too long', detail: `${bytes} bytes` } : undefined
  }
}
