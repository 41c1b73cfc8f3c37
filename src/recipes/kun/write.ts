import { join } from 'node:path'
import { cleanInstruction, kunInstructionFilter, kunOutputFilter, trimBlankEnd } from '../../filters/kun.js'
import { type Columns, messages, type Schema, writeRows } from '../../formats/index.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { keep, type Reason } from '../../stream/keep.js'
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
import { type KunConfig, kunOptions } from './options.js'
import { leavesRoom, wordingOf } from './prompts.js'
import { type KunStages, kunStages, type Polished } from './stages.js'

/** What the pass leaves: the pairs of its texts, in order. */
export const pairsFile = 'pairs.parquet'

/** An output row: the pair as messages and as plain columns, and what it was made from. */
export const kunSchema: Schema = {
  id: 'string',
  messages,
  instruction: 'string',
  output: 'string',
  text: 'string',
  cluster: 'int32',
  distance: 'float',
}

/** Stages 1 to 6 over the chosen texts. */
export function writePass(config: KunConfig, resources: Resources, texts: PromptTexts): Pass {
  return {
    name: 'write',
    settings: Object.keys(kunOptions.shape),
    tasks: async (run) => rowTasks(countCommitted(run, ['fetch'])),
    async work(task, context) {
      const asking = await openAsking(context, resources)
      const { rejected, failed } = asking.log
      const stages = kunStages(config, texts)
      const chosen = readCommitted<ChosenText>(context, { passes: ['fetch'], file: fetchedFile, range: task.rows })
      return closing(asking, async () => {
        const written = await pipe(
          chosen,
          map((row) => ({ ...row, text: trimSpecialTokens(row.text) })),
          instructed(stages, asking, config, texts),
          answered(stages, asking, config),
          map((row) => {
            context.progress(1)
            return toPair(row)
          }),
          writeRows(join(context.folder, pairsFile), { schema: kunSchema }),
        )
        return { in: task.rows!.end - task.rows!.start, out: written.rows, rejected, failed }
      })
    },
  }
}

type Instructed = ChosenText & { readonly instruction: string }

/** Stages 1 to 4: label, keywords, point, select. */
function instructed(
  { label, point }: KunStages,
  asking: Asking,
  config: KunConfig,
  texts: PromptTexts,
): Stage<ChosenText, Instructed> {
  const { language, maxTextTokens } = config
  const hasKeyword = kunInstructionFilter(language)
  const wording = wordingOf('polish', language, texts)
  const judge = ({ instruction, text }: Instructed): Reason | undefined => {
    const hit = hasKeyword(instruction)
    if (hit !== undefined) return hit
    return leavesRoom({ text }, wording, maxTextTokens) ? undefined : 'no room for the instruction'
  }
  return compose(
    compose(
      ask(label, asking),
      map((row): Instructed => ({ ...row, instruction: trimBlankEnd(row.instruction) })),
      keep<Instructed>('keywords', judge, asking.log.reject),
    ),
    ask(point, asking),
    keep('select', ({ isGood }) => (isGood ? undefined : 'instruction judged bad'), asking.log.reject),
  )
}

/** Stages 5 and 6: polish, and the rules for what came of it. */
function answered({ polish }: KunStages, asking: Asking, config: KunConfig): Stage<Instructed, Polished> {
  const judge = kunOutputFilter(config)
  type Cleaned = Polished & { readonly cleaned: string | undefined }
  return compose(
    compose(
      ask(polish, asking),
      map((row): Cleaned => ({ ...row, cleaned: cleanInstruction(row.instruction) })),
    ),
    keep<Cleaned>(
      'output',
      ({ output, cleaned }) =>
        judge(output) ?? (cleaned ? undefined : 'instruction repeats another line than its first'),
      asking.log.reject,
    ),
    map((row) => ({ ...row, instruction: row.cleaned! })),
  )
}

function toPair({ id, text, cluster, distance, instruction, output }: Polished): Columns {
  const turns = [
    { role: 'user', content: instruction },
    { role: 'assistant', content: output },
  ]
  return { id: `${id}/0`, messages: turns, instruction, output, text, cluster, distance }
}
