import { fenced } from '../fence.js'
import { messagesOf, type PromptTexts } from '../prompt-texts.js'
import { rewritePrompt } from '../reinstruct/prompts.js'
import { readScore } from '../score-line.js'
import type { Prompt } from '../types.js'
import { backAndForthTexts } from './texts.js'

type QuestionRow = { readonly text: string; readonly instruction: string }

/**
 * The judge of Humpback (arXiv 2308.06259): rates a text as the answer to its instruction, 1 to 5, after short reasons.
 * The last line that begins with "Score:" counts, and it alone; a reply without a whole score from 1 to 5 there is unread.
 */
export function scorePrompt(texts: PromptTexts = backAndForthTexts): Prompt<QuestionRow, { score: number }> {
  const wording = texts.score!
  return {
    write: ({ instruction, text }) => messagesOf(wording, { instruction: fenced(instruction), text: fenced(text) }),
    read: (reply, { instruction, text }) => readScore(reply, { most: 5, shown: [instruction, text] }),
  }
}

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
