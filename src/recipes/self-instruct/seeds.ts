import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Columns, readShard, type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import { emptyTally } from '../../run/tally.js'
import type { Pass, PlannedShard, RunView } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { UsageError } from '../../stream/errors.js'
import type { Reject } from '../../stream/types.js'
import type { Language } from '../ask/language.js'
import { readCommitted } from '../pass/artifacts.js'
import type { Instance } from './instances.js'

/** A task that a person wrote: shown to the model as an example of what to think up. */
export type SeedTask = {
  readonly id: string
  readonly instruction: string
  readonly isClassification: boolean
  readonly instances: readonly Instance[]
}

/** The 175 tasks a language that were written for this project; the published ones are not among them. */
export const bundledSeeds: Readonly<Record<Language, string>> = {
  en: bundled('seed-tasks.jsonl'),
  zh: bundled('seed-tasks-zh.jsonl'),
}

function bundled(name: string): string {
  return fileURLToPath(new URL(`../../../src/recipes/self-instruct/${name}`, import.meta.url))
}

const seedSchema: Schema = {
  id: 'string',
  instruction: 'string',
  isClassification: 'boolean',
  instances: { list: { struct: { input: 'string', output: 'string' } } },
}

const seedsFile = 'seeds.parquet'

/** Reads the seed tasks, once for the whole run: rows of the published layout, or of instruction, input and output. */
export function seedPass(): Pass {
  return {
    name: 'seed',
    settings: [],
    tasks: async () => [{ id: 'all' }],
    async work(_task, { plan, folder, signal, progress }) {
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      let read = 0
      const onRows = (rows: number) => {
        read += rows
        progress(rows)
      }
      return closing(log, async () => {
        const seeds = seedTasks(plan.shards, { signal, onRows, onReject: log.reject })
        const written = await writeRows(join(folder, seedsFile), { schema: seedSchema })(seeds)
        requireSome(written.rows)
        return { ...emptyTally, in: read, out: written.rows, rejected: log.rejected }
      })
    },
  }
}

type SeedReading = {
  signal?: AbortSignal
  onReject?(reject: Reject): void
  /** Told of every row that was read, before any is judged. */
  onRows?(rows: number): void
}

/** The tasks of seed files that can be shown to a model: those with an instruction and an output. */
export async function* seedTasks(
  shards: readonly PlannedShard[],
  { signal, onReject, onRows }: SeedReading = {},
): AsyncGenerator<SeedTask[]> {
  for (const shard of shards) {
    let row = 0
    for await (const batch of readShard(shard, { signal })) {
      onRows?.(batch.length)
      const tasks = batch.flatMap((columns) => {
        const task = toSeedTask(columns, `${shard.name}#${row++}`)
        if (!('reason' in task)) return [task]
        onReject?.({ stage: 'seed', ...task })
        return []
      })
      if (tasks.length > 0) yield tasks
    }
  }
}

/** Throws a UsageError where no seed task is left. */
export function requireSome(seeds: number, kind = 'seed task'): void {
  if (seeds > 0) return
  throw new UsageError(`The seed tasks hold no ${kind} that can be shown to a model`, {
    fix: 'Give rows with an instruction and an output, or no file for the bundled 175 tasks.',
  })
}

/** The seed tasks of a run, in the order of their files. */
export async function readSeeds(run: RunView): Promise<SeedTask[]> {
  const seeds: SeedTask[] = []
  for await (const rows of readCommitted<SeedTask>(run, { passes: ['seed'], file: seedsFile })) seeds.push(...rows)
  return seeds
}

function toSeedTask(columns: Columns, rowId: string): SeedTask | { id: string; reason: string } {
  const { instruction } = columns
  const id = typeof columns.id === 'string' ? columns.id : rowId
  if (typeof instruction !== 'string' || instruction.trim() === '') return { id: rowId, reason: 'no instruction' }
  const given = Array.isArray(columns.instances) ? columns.instances : [columns]
  const instances = given.flatMap(({ input, output }: Record<string, unknown>) =>
    typeof output === 'string' && output.trim() !== ''
      ? [{ input: typeof input === 'string' ? input : '', output }]
      : [],
  )
  if (instances.length === 0) return { id: rowId, reason: 'no output' }
  const isClassification = columns.is_classification === true || columns.isClassification === true
  return { id, instruction, isClassification, instances }
}
