import { rewritePrompt, type WordingOptions } from '../reinstruct/prompts.js'
import type { Prompt } from '../types.js'
import { backAndForthTexts } from './texts.js'

type QuestionRow = { readonly text: string; readonly instruction: string }

/**
 * The rewrite of back-and-forth translation (arXiv 2408.04614): the text is a draft to stay close to, and the answer is
 * direct. Read as REInstruct's rewrite is; an answer that speaks of a draft is unread too.
 */
export function editPrompt({
  language = 'en',
  texts = backAndForthTexts,
}: WordingOptions = {}): Prompt<QuestionRow, { output: string }> {
  const { write, read } = rewritePrompt('zero-shot', { language, texts })
  return {
    write,
    read: (reply, row) => {
      const reading = read(reply, row)
      const isTold = 'output' in reading && speaksOfDraft.test(reading.output) && !speaksOfDraft.test(row.text)
      return isTold ? { unread: 'speaks of the draft' } : reading
    },
  }
}

const speaksOfDraft =
  /\b(?:the|this|that|your) (?:(?:original|given|provided|first) )?draft\b|\b(?:the|this|your) (?:original|given|provided|previous) (?:answer|response|reply)\b|草稿|(?:原来?的?|给定的?|提供的?)(?:回答|答案|答复)/i
