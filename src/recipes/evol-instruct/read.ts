import { join } from 'node:path'
import { type Columns, readShard, type Schema, writeRows } from '../../formats/index.js'
import { leavingBad, type OnBadShard } from '../../formats/shards.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass, PlannedShard, Task } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches, Row } from '../../stream/types.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { inputColumnOf } from '../pass/input-column.js'
import { shardTasks } from '../pass/tasks.js'
import { rowId } from '../select/corpus.js'
import type { ChosenText } from '../select/fetch.js'
import { foretellSelection } from '../select/sample.js'
import type { AskedRows, CallPlan, Resources } from '../types.js'
import { drawOperator } from './operators.js'
import type { EvolConfig } from './options.js'
import type { Try } from './stages.js'

/** An instruction of the pool, with its input where it has one. */
export type Instruction = Row & { readonly instruction: string }

/** What the pass leaves: the instructions of its shard, in order. */
export const instructionsFile = 'instructions.parquet'
const schema: Schema = { id: 'string', instruction: 'string' }

/** Reads every instruction of the shards; a row without one leaves as a reject. */
export function readPass(config: EvolConfig, { reading }: Resources): Pass {
  return {
    name: 'read',
    settings: ['instructionColumn', 'inputColumn', 'idColumn', 'onBadShard', 'limits'],
    tasks: ({ plan }) => shardTasks(plan, config, { reading }),
    async work(task, { plan, folder, signal, progress }) {
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      let read = 0
      return closing(log, async () => {
        const kept = await pipe(
          instructionsOf(shard, { config, rows, signal, reading, onBad }),
          (source) => counted(source),
          keep('read', hasInstruction, log.reject),
          writeRows(join(folder, instructionsFile), { schema }),
        )
        read += await leaveRest()
        return { in: read, out: kept.rows, rejected: log.rejected, failed: {} }
      })

      async function* counted<R>(source: Batches<R>): AsyncGenerator<readonly R[]> {
        for await (const rows of source) {
          read += rows.length
          progress(rows.length)
          yield rows
        }
      }
    },
  }
}

type ReadOptions = {
  config: EvolConfig
  rows: Task['rows']
  signal: AbortSignal
  reading: Resources['reading']
  onBad: OnBadShard | undefined
}

function instructionsOf(
  shard: PlannedShard,
  { config, rows, signal, reading, onBad }: ReadOptions,
): Batches<Instruction> {
  const { instructionColumn, idColumn } = config
  const { input, optional } = inputColumnOf(config.inputColumn, [instructionColumn, idColumn])
  const named = [instructionColumn, input, idColumn]
  const columns = [...new Set(named)].filter((column) => column !== undefined)
  const source = readShard(shard, { ...reading, columns, optional, rows, signal })
  return identify(leavingBad(shard, source, { start: rows?.start, onBad }))

  async function* identify(source: Batches<Columns>): AsyncGenerator<Instruction[]> {
    let row = rows?.start ?? 0
    for await (const batch of source) {
      yield batch.map((values) => ({
        id: rowId(shard, row++, idColumn && values[idColumn]),
        instruction: joined(values[instructionColumn], input && values[input]),
      }))
    }
  }
}

/** How many instructions there are and what some of them look like once their operator is drawn, for the plan of a run. */
export async function foretellPool(
  { plan, signal, reading }: Parameters<CallPlan['rows']>[0],
  config: EvolConfig,
): Promise<AskedRows> {
  const { instructionColumn: textColumn, idColumn, mode, seed, onBadShard } = config
  const { input: titleColumn, optional } = inputColumnOf(config.inputColumn, [textColumn, idColumn])
  const all = { textColumn, seed, select: Number.MAX_SAFE_INTEGER, onBadShard }
  const { steps, sample } = await foretellSelection(plan, all, {
    ...{ judge: () => undefined, titleColumn, optional, signal, reading },
  })
  const tries = (sample as ChosenText[]).map(({ id, text, title }): Try => {
    const child = `${id}/1`
    return { id: child, parent: joined(text, title), operator: drawOperator(mode, { seed, id: child }) }
  })
  const [rows, [, pool]] = steps as [AskedRows['steps'][0], AskedRows['steps'][0]]
  return { steps: [rows, ['instructions', pool]], sample: tries }
}

/** An instruction above its input, as they are evolved: as one text. What is no text is left for the judge. */
function joined(instruction: unknown, input: unknown): string {
  if (typeof instruction !== 'string') return instruction as string
  const parts = typeof input === 'string' && input.trim() !== '' ? [instruction, input] : [instruction]
  return parts.map((part) => part.replaceAll('\r\n', '\n').trim()).join('\n')
}

function hasInstruction({ instruction }: Instruction): string | undefined {
  if (instruction === null || instruction === undefined) return 'no instruction'
  if (typeof instruction !== 'string') return 'instruction is not a string'
  return instruction.trim() === '' ? 'empty instruction' : undefined
}
