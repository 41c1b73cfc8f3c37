import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import { emptyTally, total } from '../../run/tally.js'
import type { Pass, RunView } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { mapConcurrent } from '../../stream/map-concurrent.js'
import { pipe } from '../../stream/pipe.js'
import { askAbout, isLost, logLost } from '../ask/ask.js'
import { type Asking, openAsking } from '../ask/asking.js'
import { countCommitted, readRows } from '../pass/artifacts.js'
import type { ModelStage, Resources } from '../types.js'
import { type DealtRow, packetsOf, readPacket } from './deal.js'
import { dealOf, type SelectLlmConfig } from './options.js'
import type { Picked, Query } from './query-prompt.js'

/** A row that a question ended with; where the reply did not say, the nearest to its centre stands in for the model's. */
export type Pick = { readonly item: number; readonly question: number; readonly byModel: boolean }

const pickSchema: Schema = { item: 'int32', question: 'int32', byModel: 'boolean' }

const picksFile = 'picks.parquet'

type Question = Omit<Query, 'items'> & { readonly number: number; readonly items: readonly DealtRow[] }

/** Asks all questions; each ends with as many rows as it should, whatever its reply, and one without an answer is listed. */
export function pickPass(stage: ModelStage<Query, Picked>, config: SelectLlmConfig, resources: Resources): Pass {
  return {
    name: 'pick',
    async tasks(run) {
      return Array.from({ length: packetsOf(run, config).packets }, (_, n) => ({ id: String(n).padStart(6, '0') }))
    },
    async work(task, context) {
      const asking = await openAsking(context, resources)
      return closing(asking, async () => {
        const about = async (question: Question, onSend: () => void) =>
          picksOf(question, await answerTo(stage, question, asking, onSend))
        // The rows of this pass are none of the corpus: what counts is a question without an answer.
        await pipe(
          questionsOf(context, Number(task.id), config),
          mapConcurrent(about, asking),
          async function* (answers) {
            for await (const picks of answers) {
              context.progress(picks.length)
              yield picks.flat()
            }
          },
          writeRows(join(context.folder, picksFile), { schema: pickSchema }),
        )
        const { rejected, failed } = asking.log
        const unanswered = total(rejected) + total(failed)
        const added = unanswered === 0 ? {} : { added: { 'pick: questions without an answer': unanswered } }
        return { ...emptyTally, ...added, rejected, failed }
      })
    },
  }
}

async function* questionsOf(run: RunView, packet: number, config: SelectLlmConfig): AsyncGenerator<Question[]> {
  const rows = countCommitted(run, ['scan'])
  const { picks } = dealOf(rows, config)
  const wanted = Math.min(config.select, rows)
  const questions = (await readPacket(run, packet)).map((items): Question => {
    const number = items[0]!.question
    const id = `question-${String(number).padStart(7, '0')}`
    // The last question picks what is still wanted.
    return { id, number, items, picks: Math.min(picks, wanted - number * picks) }
  })
  if (questions.length > 0) yield questions
}

/** The places that the model picked; none where it gave no answer, which the log then has. */
async function answerTo(
  stage: ModelStage<Query, Picked>,
  question: Question,
  asking: Asking,
  onSend: () => void,
): Promise<readonly number[]> {
  const outcome = await askAbout(stage, question, asking, { onSend })
  if (!isLost(outcome)) return outcome.places
  logLost(asking.log, { id: question.id, stage: stage.name }, outcome)
  return []
}

/** What the model picked, and then the nearest to their centres until there are enough. */
function picksOf({ number, items, picks }: Question, places: readonly number[]): Pick[] {
  const picked = new Set(places.map((place) => items[place]!))
  const others = items.filter((item) => !picked.has(item)).sort((a, b) => a.distance - b.distance)
  const pick =
    (byModel: boolean) =>
    ({ item }: DealtRow) => ({ item, question: number, byModel })
  return [...Array.from(picked, pick(true)), ...others.map(pick(false))].slice(0, picks)
}

/** All picks, in the order of the questions. */
export async function readPicks(run: RunView): Promise<Pick[]> {
  const picks: Pick[] = []
  for (const { folder } of run.committed('pick')) {
    for await (const rows of readRows<Pick>(join(folder, picksFile))) picks.push(...rows)
  }
  return picks
}
