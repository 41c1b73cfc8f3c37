import type { PromptTexts } from '../ask/prompt-texts.js'
import { structuredStage } from '../ask/structured.js'
import type { ModelStage } from '../types.js'
import type { Operator } from './operators.js'
import { type EvolConfig, judging, writing } from './options.js'
import { answerPrompt, evolvePrompt, judgePrompt } from './prompts.js'

/** An instruction about to be evolved; `id` is that of what it becomes. */
export type Try = { readonly id: string; readonly parent: string; readonly operator: Operator }

export type EvolStages = {
  readonly evolve: ModelStage<Try, { evolved: string }>
  readonly judge: ModelStage<Try & { readonly evolved: string }, { isEqual: boolean }>
  readonly answer: ModelStage<Try & { readonly evolved: string }, { output: string }>
}

/** The three questions of a round; `repository` asks no judge. */
export function stagesOf(round: number, config: EvolConfig, texts: PromptTexts): EvolStages {
  const { mode, h2oChecks, language } = config
  const wording = { language, texts }
  // About half of the first round is equal to its parent (nlpxucan/WizardLM, issue 220); the length that h2o asks for takes more.
  const kept = (h2oChecks ? 0.4 : 1) * 0.95
  return {
    evolve: {
      name: `evolve ${round}`,
      prompt: evolvePrompt(mode, wording),
      sampling: writing(config),
      usualReply: ({ parent }) =>
        `${parent} Name at least ${round + 1} reasons for it, and one case in which the opposite would hold.`,
    },
    judge: structuredStage<Try & { readonly evolved: string }, { isEqual: boolean }>(
      {
        name: `judge ${round}`,
        prompt: judgePrompt(wording),
        sampling: judging,
        reach: { low: kept / 2, expected: kept, high: 1 },
        usualReply: () => (language === 'zh' ? '不相等' : 'Not Equal'),
      },
      config,
    ),
    answer: {
      name: `answer ${round}`,
      prompt: answerPrompt(wording),
      sampling: writing(config),
      reach:
        mode === 'paper' ? { low: kept / 4, expected: kept / 2, high: 1 } : { low: kept / 2, expected: kept, high: 1 },
      usualReply: () => usualAnswer,
    },
  }
}

/** Every question of a run in the order of the flow; from round 2 on, what a row became is what is evolved. */
export function callsOf(rounds: readonly number[], config: EvolConfig, texts: PromptTexts): ModelStage<Try, object>[] {
  return rounds.flatMap((round) => {
    const { evolve, judge, answer } = stagesOf(round, config, texts)
    const again: typeof evolve = {
      ...evolve,
      prompt: {
        write: (row) => evolve.prompt.write(asParent(row)),
        read: (reply, row) => evolve.prompt.read(reply, asParent(row)),
      },
      usualReply: (row) => evolve.usualReply(asParent(row)),
    }
    const judged = config.mode === 'paper' ? [judge] : []
    return [round === 1 ? evolve : again, ...judged, answer] as ModelStage<Try, object>[]
  })
}

function asParent(row: Try & { readonly evolved?: string }): Try {
  return { ...row, parent: row.evolved ?? row.parent }
}

/** As long as a strong model's answers usually are, for the plan of a run. */
const usualAnswer = Array.from({ length: 100 }, (_, n) => `word ${n} of it`).join(' ')
