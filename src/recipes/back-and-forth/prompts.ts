import { echoesFence, fenced } from '../fence.js'
import { messagesOf, type PromptTexts } from '../prompt-texts.js'
import { rewritePrompt } from '../reinstruct/prompts.js'
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
    read: (reply, { instruction, text }) => {
      if (reply.trim() === '') return { unread: 'empty reply' }
      if (echoesFence(reply, instruction, text)) return { unread: 'echo of the fence' }
      return readScore(reply)
    },
  }
}

/** A line with a score; one behind a ">" is a quotation. */
const scoreLine = /^[\s*#_`]*(?:(?:final|overall) )?score[\s*_`]*[:：](.*)$/i
/** A whole number of the scale, alone or followed by words; neither 10502 nor 4.5, 4/10 or 4 to 5. */
const wholeScore = /^[\s*_`<[(]*([1-5])(?:\s*\/\s*5| out of 5)?(?:[^\p{L}\p{N}][^\p{N}]*)?$/u

function readScore(reply: string): { score: number } | { unread: string } {
  const lines = reply.split(/[\n\r\u2028\u2029]/)
  const last = lines.findLast((line) => scoreLine.test(line))
  if (last === undefined) return { unread: 'no score' }
  // A faulty last score is not mended by an earlier one, which may be the text's own.
  const score = wholeScore.exec(scoreLine.exec(last)![1]!)?.[1]
  return score === undefined ? { unread: 'no whole score from 1 to 5' } : { score: Number(score) }
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
