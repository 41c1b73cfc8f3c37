import type { Language } from '../ask/language.js'

/** Where an answer came from: written from a text of a corpus, or of the user's own pairs. */
export type Source = 'synthetic' | 'seed'

/**
 * One sentence a source, set as the system message, so that training tells the two kinds of answer apart and inference
 * can ask for either (the tags of Humpback, arXiv 2308.06259, which REInstruct takes over; the wording is ours).
 */
const sourceTags: Readonly<Record<Language, Readonly<Record<Source, string>>>> = {
  en: {
    synthetic: 'Answer with knowledge gathered from the web.',
    seed: 'Answer as a helpful AI assistant would.',
  },
  zh: { synthetic: '请用从网络上收集的知识来回答。', seed: '请像一位乐于助人的人工智能助手那样回答。' },
}

type Pair = { readonly instruction: string; readonly output: string }

/** A pair as turns, behind the sentence that names its source. */
export function taggedTurns({ instruction, output }: Pair, source: Source, language: Language) {
  return [
    { role: 'system', content: sourceTags[language][source] },
    { role: 'user', content: instruction },
    { role: 'assistant', content: output },
  ]
}
