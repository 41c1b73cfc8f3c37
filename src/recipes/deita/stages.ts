import type { Row } from '../../stream/types.js'
import { fenced } from '../ask/fence.js'
import { type Language, wordingIn } from '../ask/language.js'
import { sampledAs } from '../ask/model-options.js'
import { messagesOf, type PromptTexts } from '../ask/prompt-texts.js'
import { readScore, scoreChoice } from '../ask/score-line.js'
import { type JudgePrompt, type JudgeStage, structuredStage } from '../ask/structured.js'
import type { Exchange } from '../pairs/read.js'
import type { ModelStage } from '../types.js'
import type { DeitaConfig } from './options.js'
import { deitaTexts } from './texts.js'

/** One exchange of a conversation, judged by itself. */
export type Turn = Row & Exchange

export type DeitaStages = {
  readonly complexity: ModelStage<Turn, { complexity: number }>
  readonly quality: ModelStage<Turn, { quality: number }>
}

/** Both of DEITA's scores run from 1 to 6. */
const most = 6

/** How demanding an instruction is (DEITA, arXiv 2312.15685, section 2.2: Evol Complexity), 1 to 6; the answer is not shown. */
export function complexityPrompt(
  language: Language,
  texts: PromptTexts = deitaTexts,
): JudgePrompt<Exchange, { complexity: number }> {
  const wording = wordingIn(language, 'complexity', texts)
  const scale = ({ instruction }: Exchange) => ({ most, shown: [instruction] })
  return {
    write: ({ instruction }) => messagesOf(wording, { instruction: fenced(instruction) }),
    read: (reply, row) => {
      const read = readScore(reply, scale(row))
      return 'unread' in read ? read : { complexity: read.score }
    },
    choice: (row) => scoreChoice(scale(row), (complexity) => ({ complexity })),
  }
}

/** How good an answer is (section 2.2: Evol Quality), 1 to 6. */
export function qualityPrompt(
  language: Language,
  texts: PromptTexts = deitaTexts,
): JudgePrompt<Exchange, { quality: number }> {
  const wording = wordingIn(language, 'quality', texts)
  const scale = ({ instruction, output }: Exchange) => ({ most, shown: [instruction, output] })
  return {
    write: ({ instruction, output }) =>
      messagesOf(wording, { instruction: fenced(instruction), output: fenced(output) }),
    read: (reply, row) => {
      const read = readScore(reply, scale(row))
      return 'unread' in read ? read : { quality: read.score }
    },
    choice: (row) => scoreChoice(scale(row), (quality) => ({ quality })),
  }
}

/** The two questions about an exchange, both greedy. */
export function deitaStages(config: DeitaConfig, texts: PromptTexts): DeitaStages {
  const { language } = config
  const sampling = sampledAs({ temperature: 0, topP: 1, maxTokens: 64 }, config)
  const usualReply = () => (language === 'zh' ? '分数：4' : 'Score: 4')
  const complexity: JudgeStage<Turn, { complexity: number }> = {
    name: 'complexity',
    prompt: complexityPrompt(language, texts),
    sampling,
    usualReply,
  }
  const quality: JudgeStage<Turn, { quality: number }> = {
    name: 'quality',
    prompt: qualityPrompt(language, texts),
    sampling,
    // Those whose complexity could be read.
    reach: { low: 0.5, expected: 0.95, high: 1 },
    usualReply,
  }
  return { complexity: structuredStage(complexity, config), quality: structuredStage(quality, config) }
}
