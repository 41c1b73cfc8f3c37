import { CallFailure } from '../../models/types.js'
import type { Asking } from '../ask/asking.js'
import { askScore, asPlanned, type ScoreStage } from '../ask/score-stage.js'
import type { ModelStage } from '../types.js'
import type { DeitaStages, Turn } from './stages.js'

/** What a row is judged by; `onSend` is called once the model is asked about it. */
export type Judging = { readonly asking: Asking; onSend(): void }

/** The score lines that are set beside one another, 1 to 6. */
const scores = [1, 2, 3, 4, 5, 6] as const

/** A question whose answer is not asked for: how likely is each of the score lines? */
type LineStage = readonly ScoreStage<Turn>[]

/** DEITA's two questions, put so that the model's own probabilities answer them. */
export type ExpectedStages = { readonly complexity: LineStage; readonly quality: LineStage }

/** The same questions as plain text up to their score. */
export function expectedStages(stages: DeitaStages, language: 'en' | 'zh'): ExpectedStages {
  const of = ({ name, prompt, reach }: DeitaStages['complexity'] | DeitaStages['quality']): LineStage =>
    scores.map((score) => ({
      name,
      ...(reach && { reach }),
      write: (turn) => {
        const asked = prompt.write(turn).map(({ content }) => content)
        const line = language === 'zh' ? '分数：' : 'Score:'
        return { prompt: [...asked, line].join('\n\n'), continuation: language === 'zh' ? `${score}` : ` ${score}` }
      },
    }))
  return { complexity: of(stages.complexity), quality: of(stages.quality) }
}

/**
 * The score that a model expects (DEITA, section 2.2, and its published code): of each line's probability, made to sum to 1
 * over the six, the mean. A number from 1 to 6, whatever the model would rather have written.
 */
export async function expectedScore(
  stage: LineStage,
  turn: Turn,
  { asking, onSend }: Judging,
): Promise<number | CallFailure> {
  const likely: number[] = []
  for (const line of stage) {
    const found = await askScore(line, turn, asking, onSend)
    if (found instanceof CallFailure) return found
    likely.push(found.logProbability)
  }
  return meanScore(likely)
}

/** The mean of the scores 1, 2, … weighted by the softmax of their log-probabilities. */
export function meanScore(logProbabilities: readonly number[]): number {
  const most = Math.max(...logProbabilities)
  const weights = logProbabilities.map((value) => Math.exp(value - most))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.reduce((total, weight, n) => total + weight * (n + 1), 0) / sum
}

/** The questions as a plan counts them: six calls a turn and question. */
export function plannedLines({ complexity, quality }: ExpectedStages): ModelStage<Turn, object>[] {
  return [complexity, quality].map((lines) => ({ ...asPlanned(lines[0]!), samples: lines.length }))
}
