import type { KunLanguage } from '../../filters/kun.js'
import { trimSpecialTokens } from '../../text/special-tokens.js'
import { cutToTokens, estimateTokens } from '../../text/token-count.js'
import { echoesFence, fenced } from '../ask/fence.js'
import { closingOf, fill, messagesOf, type PromptText, type PromptTexts } from '../ask/prompt-texts.js'
import { isLooping, isRefusal, sharesRun, squeeze, strip } from '../ask/reply.js'
import { answerForm, requestForm } from '../ask/reply-forms.js'
import type { JudgePrompt } from '../ask/structured.js'
import type { Prompt } from '../types.js'
import { kunTexts } from './texts.js'

type TextRow = { readonly text: string }
type LabelledRow = TextRow & { readonly instruction: string }

/** The two labels of the point stage, as the prompt asks for them. */
const labels = { zh: { good: '【好】', bad: '【差】' }, en: { good: '[good]', bad: '[bad]' } } as const

/** The wording of a stage in the flow's language. */
export function wordingOf(stage: 'label' | 'point' | 'polish', language: KunLanguage, texts: PromptTexts): PromptText {
  return texts[language === 'zh' ? stage : `${stage}-en`]!
}

/** Stage 1 of Kun (arXiv 2401.06477): asks for the instruction that a text most likely answers. */
export function labelPrompt(
  language: KunLanguage,
  texts: PromptTexts = kunTexts,
): Prompt<TextRow, { instruction: string }> {
  const text = wordingOf('label', language, texts)
  return {
    write: (row) => messagesOf(text, { text: fenced(row.text) }),
    read: (reply, row) => {
      const instruction = strip(trimSpecialTokens(reply), requestForm)
      const unread = unfit(reply, { found: instruction, text: row.text }, text) ?? unfitLabel(instruction, row)
      return unread === undefined ? { instruction } : { unread }
    },
  }
}

/**
 * Stage 3: has the instruction judged, and it alone (Kun's change from Humpback). `strict` looks for the labels anywhere
 * in the reply, as published; `right` wants one where the reply begins or as its last line, or there is no verdict.
 */
export function pointPrompt(
  { language, rules }: { language: KunLanguage; rules: 'strict' | 'right' },
  texts: PromptTexts = kunTexts,
): JudgePrompt<{ readonly instruction: string }, { isGood: boolean }> {
  const text = wordingOf('point', language, texts)
  return {
    write: ({ instruction }) => messagesOf(text, { instruction: fenced(instruction) }),
    read: (reply, { instruction }) => {
      if (rules === 'strict') return { isGood: saysGood(reply, language) }
      if (reply.trim() === '') return { unread: 'empty reply' }
      if (echoesFence(reply, instruction)) return { unread: 'echo of the fence' }
      const isGood = labelOf(reply, language)
      return isGood === undefined ? { unread: 'no label' } : { isGood }
    },
    choice: ({ instruction }) => ({
      field: 'rating',
      // As the labels are, without their brackets.
      among: [labels[language].good.slice(1, -1), labels[language].bad.slice(1, -1)],
      shown: [instruction],
      means: ([place]) => ({ isGood: place === 0 }),
    }),
  }
}

/** The published rule: the good label is in the reply, and the bad one is not. */
function saysGood(reply: string, language: KunLanguage): boolean {
  const { good, bad } = labels[language]
  const lower = reply.toLowerCase()
  return lower.includes(good) && !lower.includes(bad)
}

function labelOf(reply: string, language: KunLanguage): boolean | undefined {
  const { good, bad } = labels[language]
  const lines = reply.toLowerCase().trim().split('\n')
  const [first, last] = [bare(lines[0]!), bare(lines.at(-1)!)]
  // A label at the start is the verdict only where the other is not spoken of too.
  const says = (label: string, other: string) =>
    last === label || (first.startsWith(label) && !reply.toLowerCase().includes(other))
  const [isGood, isBad] = [says(good, bad), says(bad, good)]
  return isGood === isBad ? undefined : isGood
}

/** A line without marks around it and without what leads up to a label. */
function bare(line: string): string {
  return line
    .replace(/^[\s*#>]+|[\s*.。]+$/g, '')
    .replace(/^(?:答|评分|评价|标签|rating|label|answer)\**\s?[:：][\s*]*/, '')
    .replace(/^(?:the instruction (?:between the tags )?is |(?:标签之间的)?这条指令(?:应当?)?(?:评为|是))/, '')
}

/** Stage 5: has the instruction answered from its text; an answer that apologises is for the rules of stage 6 to find. */
export function polishPrompt(
  { language, maxTokens }: { language: KunLanguage; maxTokens: number },
  texts: PromptTexts = kunTexts,
): Prompt<LabelledRow, { output: string }> {
  const text = wordingOf('polish', language, texts)
  return {
    write: (row) => {
      const instruction = cutToTokens(row.instruction, maxTokens - tokensWithout(row, text))
      return messagesOf(text, { instruction, text: fenced(row.text) })
    },
    read: (reply, row) => {
      const output = strip(trimSpecialTokens(reply), answerForm)
      const unread = unfit(reply, { found: output, text: row.text }, text)
      if (unread !== undefined) return { unread }
      return squeeze(output) === squeeze(row.instruction) ? { unread: 'repeats the instruction' } : { output }
    },
  }
}

/** Whether the text leaves room for its instruction; where the published code counted below zero. */
export function leavesRoom(row: TextRow, text: PromptText, maxTokens: number): boolean {
  return tokensWithout(row, text) < maxTokens
}

/** The tokens of the user's turn beside the instruction, as the estimate has them. */
function tokensWithout({ text }: TextRow, { user }: PromptText): number {
  return estimateTokens(fill(user, { instruction: '', text }))
}

/** What no instruction of a user says, though it can be read. */
function unfitLabel(instruction: string, { text }: TextRow): string | undefined {
  if (isRefusal(instruction)) return 'refusal'
  return speaksOfTags.test(instruction) && !speaksOfTags.test(text) ? 'speaks of the tags' : undefined
}

const speaksOfTags = /\bbetween (?:the |these |two )?tags\b|标签(?:之间|中间)/i

function unfit(
  reply: string,
  { found, text }: { found: string; text: string },
  wording: PromptText,
): string | undefined {
  if (found === '') return 'empty reply'
  if (echoesFence(reply, text)) return 'echo of the fence'
  if (!/\p{L}/u.test(found)) return 'no letters'
  if (isLooping(found)) return 'repeats itself'
  const isEcho = (part: string) => sharesRun(part, found, 24) && !sharesRun(part, text, 24)
  const closing = closingOf(wording)
  const repeats = closing !== '' && squeeze(found).includes(squeeze(closing))
  return repeats || isEcho(wording.system) ? 'echo of the prompt' : undefined
}
