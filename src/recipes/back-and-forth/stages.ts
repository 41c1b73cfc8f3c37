import { sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { structuredStage } from '../ask/structured.js'
import { scorePrompt, usualScore } from '../humpback/judge.js'
import { instructPrompt, usualInstruction, usualOutput } from '../reinstruct/prompts.js'
import type { ChosenText } from '../select/fetch.js'
import type { Estimate, ModelStage } from '../types.js'
import type { BackAndForthConfig } from './options.js'
import { editPrompt } from './prompts.js'

/** A text with the instruction it answers. */
export type Instructed = ChosenText & { readonly instruction: string }

/** The two, and how well the text serves as the answer, 1 to 5. */
export type Scored = Instructed & { readonly score: number }

export type BackAndForthStages = {
  readonly instruct: ModelStage<ChosenText, { instruction: string }>
  readonly score: ModelStage<Instructed, { score: number }>
  readonly rewrite: ModelStage<Scored, { output: string }>
}

/** Backtranslate, score, rewrite, each with its published sampling; the judge's is not published, and greedy here. */
export function backAndForthStages(config: BackAndForthConfig, texts: PromptTexts): BackAndForthStages {
  const { language } = config
  const wording = { language, texts }
  return {
    instruct: {
      name: 'instruct',
      prompt: instructPrompt('zero-shot', wording),
      sampling: sampledAs({ temperature: 0.7, topP: 0.9, maxTokens: 512 }, config),
      usualReply: () => usualInstruction(language),
    },
    score: structuredStage<Instructed, { score: number }>(
      {
        name: 'score',
        prompt: scorePrompt(language, texts),
        sampling: sampledAs({ temperature: 0, topP: 1, maxTokens: 256 }, config),
        reach: { low: 0.5, expected: 0.9, high: 1 },
        usualReply: () => usualScore(language),
      },
      config,
    ),
    rewrite: {
      name: 'rewrite',
      prompt: editPrompt(wording),
      sampling: sampledAs({ temperature: 1, topP: 0.9, maxTokens: 1024 }, config),
      reach: reachOf(config.minScore),
      usualReply: usualOutput,
    },
  }
}

/** Of 502,133 texts Humpback's judge gave 41,821 a 5 and 195,043 at least a 4 (arXiv 2308.06259). */
function reachOf(minScore: number): Estimate {
  if (minScore === 5) return { low: 0.02, expected: 41_821 / 502_133, high: 1 }
  return { low: 0.1, expected: minScore === 4 ? 195_043 / 502_133 : 0.9, high: 1 }
}
