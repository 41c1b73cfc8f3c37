import type { PromptTexts } from '../prompt-texts.js'
import { rewritePrompt } from '../reinstruct/prompts.js'
import type { Prompt } from '../types.js'
import { backAndForthTexts } from './texts.js'

type QuestionRow = { readonly text: string; readonly instruction: string }

/**
 * The rewrite of back-and-forth translation (arXiv 2408.04614): the text is a draft to stay close to, and the answer is
 * direct. Read as REInstruct's rewrite is; an answer that speaks of a draft is unread too.
 */
export function editPrompt(texts: PromptTexts = backAndForthTexts): Prompt<QuestionRow, { output: string }> {
  const { write, read } = rewritePrompt('zero-shot', texts)
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
  /\b(?:the|this|that|your) (?:(?:original|given|provided|first) )?draft\b|\b(?:the|this|your) (?:original|given|provided|previous) (?:answer|response|reply)\b/i
