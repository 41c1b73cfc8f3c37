import { scoringBy } from '../../models/scoring.js'
import { CallFailure, type Score } from '../../models/types.js'
import type { Row } from '../../stream/types.js'
import type { Estimate, ModelStage } from '../types.js'
import type { Asking } from './asking.js'

/** A question of how likely a model finds a text, as data: the flow asks by it and the plan counts by it. */
export type ScoreStage<In extends Row> = {
  /** Unique in its recipe; rejects, journal and plan name it. */
  readonly name: string
  /** The text in question, and what comes before it; plain text, without a chat template. */
  write(row: In): { readonly prompt: string; readonly continuation: string }
  readonly reach?: Estimate
}

/** How likely the model finds the stage's text about a row, or why it cannot be told. Rejects only with what must end the run. */
export async function askScore<In extends Row>(
  { name, write }: ScoreStage<In>,
  row: In,
  { model, counts, signal, callSignal, onFatal }: Asking,
  onSend: () => void,
): Promise<Score | CallFailure> {
  try {
    const score = await scoringBy(model)(
      { ...write(row), rowId: row.id, stage: name },
      { signal: callSignal, stop: signal, onSend },
    )
    counts.add(name, { text: '', finish: 'stop', ...(score.usage && { usage: score.usage }) })
    return score
  } catch (error) {
    if (error instanceof CallFailure) return error
    onFatal(error)
    throw error
  }
}

/** The stage as a plan counts it: a prompt that holds the whole text, and a reply of one token at most. */
export function asPlanned<In extends Row>({ name, write, reach }: ScoreStage<In>): ModelStage<In, object> {
  return {
    name,
    prompt: {
      write: (row) => {
        const { prompt, continuation } = write(row)
        return [{ role: 'user', content: prompt + continuation }]
      },
      read: () => ({}),
    },
    sampling: { maxTokens: 1 },
    ...(reach && { reach }),
    usualReply: () => '',
  }
}
