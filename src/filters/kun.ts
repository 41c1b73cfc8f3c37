import type { Reason } from '../stream/keep.js'
import { anyRepetition, prefixRepetition } from '../text/repetition.js'
import { codePointLength } from '../text/words.js'

/** The flow's language; Chinese is the published one, the English word lists are ours. */
export type KunLanguage = 'zh' | 'en'

/** Words of an instruction that points at something it does not bring (Kun, arXiv 2401.06477, stage 2). */
const instructionKeywords: Readonly<Record<KunLanguage, RegExp>> = {
  zh: /新闻|材料|图片|链接|网址|根据|简历|简介|文章|摘要|文本|提取|关键词|网站/,
  en: /\b(?:news|materials?|pictures?|images?|links?|urls?|according to|based on|r[ée]sum[ée]s?|profiles?|articles?|abstracts?|texts?|passages?|extract|keywords?|websites?)\b/i,
}

/** Words of an answer that speaks of its source or of its writer (stage 6). */
const outputKeywords: Readonly<Record<KunLanguage, RegExp>> = {
  zh: /作为|根据|知识库|2023|抱歉/,
  en: /\bas an? (?:ai|assistant|language model)\b|\baccording to\b|\bbased on\b|\bknowledge base\b|2023|\bsorry\b|\bapologi[sz]e\b/i,
}

/** Stage 2: says why an instruction must leave, where it speaks of what is not there. */
export function kunInstructionFilter(language: KunLanguage): (instruction: string) => Reason | undefined {
  return (instruction) => {
    const hit = instructionKeywords[language].exec(instruction)?.[0]
    return hit === undefined ? undefined : { reason: 'keyword in the instruction', detail: hit }
  }
}

export type KunOutputOptions = {
  language: KunLanguage
  /** Where to look for a unit repeated more than five times; default `prefix`, as published. */
  repetition?: 'prefix' | 'anywhere'
}

/** Stage 6, the answer's half: keywords, fewer than 20 code points, a unit more than five times on end. */
export function kunOutputFilter({
  language,
  repetition = 'prefix',
}: KunOutputOptions): (output: string) => Reason | undefined {
  const repeated = repetition === 'prefix' ? prefixRepetition : anyRepetition
  return (output) => {
    const hit = outputKeywords[language].exec(output)?.[0]
    if (hit !== undefined) return { reason: 'keyword in the output', detail: hit }
    if (codePointLength(output) < 20) return 'output shorter than 20 characters'
    const unit = repeated(output, 5)
    return unit === undefined ? undefined : { reason: 'output repeats itself', detail: unit.slice(0, 40) }
  }
}

/** An instruction without the blanks and line ends at its end, and nothing else (stage 2). */
export function trimBlankEnd(instruction: string): string {
  let end = instruction.length
  while (end > 0 && (instruction[end - 1] === ' ' || instruction[end - 1] === '\n')) end--
  return instruction.slice(0, end)
}

/** An instruction up to its first five or more white spaces on end, trimmed; `undefined` where there are none (stage 6). */
export function cutAtGap(instruction: string): string | undefined {
  const gap = longGap.exec(instruction)
  return gap === null ? undefined : instruction.slice(0, gap.index).trim()
}

// What Python takes for white space, of which JavaScript's \s lacks \x1c to \x1f and \x85.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are white space to Python.
const longGap = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{5}/

/** The longest line that an instruction holds twice, blank ones aside; `undefined` where none is (stage 6). */
export function duplicatedLine(instruction: string): string | undefined {
  const seen = new Set<string>()
  let longest: string | undefined
  for (const line of instruction.split('\n').map((each) => each.trim())) {
    if (line === '') continue
    if (seen.has(line) && codePointLength(line) > codePointLength(longest ?? '')) longest = line
    seen.add(line)
  }
  return longest
}

/**
 * Stage 6, the instruction's half: cut at a long gap, or else reduced to a line that it says twice. `undefined` where that
 * line is not what the instruction begins with: then it must leave.
 */
export function cleanInstruction(instruction: string): string | undefined {
  const cut = cutAtGap(instruction)
  if (cut !== undefined) return cut
  const line = duplicatedLine(instruction)
  if (line === undefined) return instruction
  return instruction.startsWith(line) ? line : undefined
}
