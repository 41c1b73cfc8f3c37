import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Columns, messages, type Schema, writeRows } from '../../formats/index.js'
import type { Pass, RunView, Task, TaskContext } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { map } from '../../stream/map.js'
import { mapConcurrent } from '../../stream/map-concurrent.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches } from '../../stream/types.js'
import { openAsking } from '../ask/asking.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { countCommitted, readCommitted, readRows, requireRows } from '../pass/artifacts.js'
import { rowTasks } from '../pass/tasks.js'
import { refuseChildIds, refuseRepeatedIds } from '../pass/unique-ids.js'
import type { Resources } from '../types.js'
import { type Attempt, evolver } from './evolve.js'
import { type EvolConfig, evolOptions } from './options.js'
import { createOutcomes, outcomesFile } from './outcomes.js'
import { type Instruction, instructionsFile } from './read.js'

/** The pass of a round, counted from 1 up. */
export function roundName(round: number): string {
  return `round-${round}`
}

/** The rows that a round gives the output. */
export const evolvedFile = 'evolved.parquet'

/** Every try of a round, from which the next one's pool is made. */
const attemptsFile = 'attempts.parquet'

/** An output row: the evolved instruction with its answer, and what it was evolved from. */
export const evolvedSchema: Schema = {
  id: 'string',
  messages,
  instruction: 'string',
  output: 'string',
  operator: 'string',
  round: 'int32',
  parent: 'string',
}

const attemptSchema: Schema = {
  id: 'string',
  instruction: 'string',
  child: 'string',
  operator: 'string',
  evolved: 'string',
  output: 'string',
}

type Parts = { config: EvolConfig; resources: Resources; texts: PromptTexts }

/**
 * One round: every instruction of the pool is evolved once. What it became takes its place in the next round's pool, and
 * where it became nothing it stays there itself.
 */
export function roundPass(round: number, { config, resources, texts }: Parts): Pass {
  return {
    name: roundName(round),
    settings: Object.keys(evolOptions.shape).filter((key) => key !== 'rounds'),
    async tasks(run) {
      if (round > 1) return run.committed(roundName(round - 1)).map(({ task }) => task)
      requireRows(run, 'read')
      const ids = { pass: 'read', file: instructionsFile, idColumn: config.idColumn }
      await refuseRepeatedIds(run, ids)
      await refuseChildIds(run, ids)
      return rowTasks(countCommitted(run, ['read']))
    },
    async work(task, context) {
      const { folder, signal, progress } = context
      const asking = await openAsking(context, resources)
      const { rejected, failed } = asking.log
      const outcomes = createOutcomes()
      return closing(asking, async () => {
        const evolve = evolver({ round, config, texts, asking, onOutcome: outcomes.add })
        const tried = await pipe(
          pool(round, task, context),
          mapConcurrent(evolve, asking),
          map((attempt) => {
            // A lost one was told of when it was lost.
            if (attempt.evolved !== null) progress(1)
            return attempt as Columns
          }),
          writeRows(join(folder, attemptsFile), { schema: attemptSchema }),
        )
        const attempts = readRows<Attempt>(join(folder, attemptsFile), undefined, signal)
        const kept = await writeRows(join(folder, evolvedFile), { schema: evolvedSchema })(evolvedRows(attempts, round))
        await writeFile(join(folder, outcomesFile), outcomes.encode())
        return { in: tried.rows, out: kept.rows, rejected, failed }
      })
    },
  }
}

/** The instructions of a task to evolve in this round. */
function pool(round: number, task: Task, context: TaskContext): Batches<Instruction> {
  const { signal } = context
  if (round === 1)
    return readCommitted<Instruction>(context, { passes: ['read'], file: instructionsFile, range: task.rows, signal })
  return pipe(
    readRows<Attempt>(join(folderOf(context, round - 1, task), attemptsFile), undefined, signal),
    map(({ id, instruction, child, evolved }) =>
      evolved === null ? { id, instruction } : { id: child, instruction: evolved },
    ),
  )
}

function folderOf(run: RunView, round: number, task: Task): string {
  return run.committed(roundName(round)).find((done) => done.task.id === task.id)!.folder
}

async function* evolvedRows(attempts: Batches<Attempt>, round: number): AsyncGenerator<Columns[]> {
  for await (const batch of attempts) {
    const rows = batch.flatMap(({ child, operator, evolved, output, instruction: parent }) => {
      if (evolved === null) return []
      const turns = [
        { role: 'user', content: evolved },
        { role: 'assistant', content: output },
      ]
      return [{ id: child, messages: turns, instruction: evolved, output, operator, round, parent }]
    })
    if (rows.length > 0) yield rows
  }
}
