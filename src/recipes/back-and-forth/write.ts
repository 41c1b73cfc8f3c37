import { join } from 'node:path'
import { type Columns, messages, type Schema, writeRows } from '../../formats/index.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { keep } from '../../stream/keep.js'
import { map } from '../../stream/map.js'
import { compose, pipe } from '../../stream/pipe.js'
import type { Stage } from '../../stream/types.js'
import { trimSpecialTokens } from '../../text/special-tokens.js'
import { ask } from '../ask/ask.js'
import { type Asking, openAsking } from '../ask/asking.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { countCommitted, readCommitted } from '../pass/artifacts.js'
import { rowTasks } from '../pass/tasks.js'
import { type ChosenText, fetchedFile } from '../select/fetch.js'
import type { Resources } from '../types.js'
import { type BackAndForthConfig, backAndForthOptions } from './options.js'
import { type BackAndForthStages, backAndForthStages, type Scored } from './stages.js'

/** What the pass leaves: the pairs of its texts, in order. */
export const pairsFile = 'pairs.parquet'

/** An output row: the pair as messages and as plain columns, and what it was made from; `score` is the text's. */
export const backAndForthSchema: Schema = {
  id: 'string',
  messages,
  instruction: 'string',
  output: 'string',
  score: 'int32',
  text: 'string',
  cluster: 'int32',
  distance: 'float',
}

/** Backtranslate, score, keep the best, rewrite. */
export function writePass(config: BackAndForthConfig, resources: Resources, texts: PromptTexts): Pass {
  return {
    name: 'write',
    settings: [...Object.keys(backAndForthOptions.shape), 'limits'],
    tasks: async (run) => rowTasks(countCommitted(run, ['fetch'])),
    async work(task, context) {
      const asking = await openAsking(context, resources)
      const { log } = asking
      const stages = backAndForthStages(config, texts)
      const chosen = readCommitted<ChosenText>(context, { passes: ['fetch'], file: fetchedFile, range: task.rows })
      return closing(asking, async () => {
        const written = await pipe(
          chosen,
          map((row) => ({ ...row, text: trimSpecialTokens(row.text) })),
          judged(stages, asking, config),
          ask(stages.rewrite, asking),
          map((row) => {
            context.progress(1)
            return toPair(row)
          }),
          writeRows(join(context.folder, pairsFile), { schema: backAndForthSchema }),
        )
        const asked = task.rows!.end - task.rows!.start
        return { in: asked, out: written.rows, rejected: log.rejected, failed: log.failed }
      })
    },
  }
}

/** Every text with its instruction, and those of them that are good enough as its answer. */
function judged(
  { instruct, score }: BackAndForthStages,
  asking: Asking,
  { minScore }: BackAndForthConfig,
): Stage<ChosenText, Scored> {
  const judge = (row: Scored) => (row.score < minScore ? `scored ${row.score}` : undefined)
  return compose(ask(instruct, asking), ask(score, asking), keep('select', judge, asking.log.reject))
}

function toPair({ id, text, cluster, distance, instruction, score, output }: Scored & { output: string }): Columns {
  const turns = [
    { role: 'user', content: instruction },
    { role: 'assistant', content: output },
  ]
  return { id: `${id}/0`, messages: turns, instruction, output, score, text, cluster, distance }
}
