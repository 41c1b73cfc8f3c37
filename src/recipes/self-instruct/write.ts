import { join } from 'node:path'
import { writeRows } from '../../formats/index.js'
import { openRejectLog, type RejectLog } from '../../run/reject-log.js'
import { emptyTally } from '../../run/tally.js'
import type { Pass, TaskContext } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { map } from '../../stream/map.js'
import { pipe } from '../../stream/pipe.js'
import type { Stage } from '../../stream/types.js'
import { ask } from '../ask/ask.js'
import { openAsking } from '../ask/asking.js'
import type { Language } from '../ask/language.js'
import { countCommitted, readCommitted } from '../pass/artifacts.js'
import { rowTasks } from '../pass/tasks.js'
import type { Resources } from '../types.js'
import { pairSchema, toPair, type Written } from './encode.js'
import { grownFile } from './grow.js'
import { type Instance, judgeInstances } from './instances.js'
import { readSeeds } from './seeds.js'
import type { GrownTask, SelfInstructStages } from './stages.js'

export const pairsFile = 'pairs.parquet'

export type WriteOptions = {
  seed: number
  language: Language
  /** The config keys that the bytes depend on. */
  settings: readonly string[]
}

/** A task of the pool with its instances, before they are judged. */
type Instantiated = GrownTask & { readonly isClassification?: boolean; readonly instances: readonly Instance[] }

/** Asks of every grown task whether it is a classification, then for its instances (arXiv 2212.10560 §2.2). */
export function instancesPass(
  { classify, instances }: Pick<SelfInstructStages, 'classify' | 'instances'>,
  options: WriteOptions,
  resources: Resources,
): Pass {
  return writingPass(options, async (context) => {
    const asking = await openAsking(context, resources)
    return {
      instantiate: (grown) => pipe(grown, ask(classify, asking), ask(instances, asking)),
      log: asking.log,
      close: asking.close,
    }
  })
}

/** Alpaca's tasks come with their one instance, and have only to be judged and encoded. */
export function encodePass(options: WriteOptions): Pass {
  return writingPass(options, async ({ folder }) => {
    const log = openRejectLog(join(folder, 'lost.jsonl'))
    return {
      instantiate: map(({ input, output, ...task }: GrownTask) => ({
        ...task,
        instances: [{ input: input ?? '', output: output ?? '' }],
      })),
      log,
      close: async () => log.close(),
    }
  })
}

type Writing = { instantiate: Stage<GrownTask, Instantiated>; log: RejectLog; close(): Promise<void> }

function writingPass(
  { seed, language, settings }: WriteOptions,
  open: (context: TaskContext) => Promise<Writing>,
): Pass {
  return {
    name: 'instances',
    settings,
    tasks: async (run) => rowTasks(countCommitted(run, ['grow'])),
    async work(task, context) {
      const { instantiate, log, close } = await open(context)
      let more = 0
      try {
        const written = await pipe(
          readCommitted<GrownTask>(context, { passes: ['grow'], file: grownFile, range: task.rows }),
          instantiate,
          expand({ seed, log, onMore: (count) => (more += count), onTasks: context.progress }),
          map(toPair(seed, language)),
          writeRows(join(context.folder, pairsFile), { schema: pairSchema }),
        )
        const added = more === 0 ? {} : { added: { 'instances: more than one of a task': more } }
        const { start, end } = task.rows!
        return {
          ...emptyTally,
          ...{ in: end - start, ...added, out: written.rows },
          ...{ rejected: log.rejected, failed: log.failed },
        }
      } finally {
        await close()
      }
    },
  }
}

type ExpandOptions = { seed: number; log: RejectLog; onMore(count: number): void; onTasks(count: number): void }

/** A row for every instance that stays. */
function expand({ seed, log, onMore, onTasks }: ExpandOptions): Stage<Instantiated, Written> {
  return async function* (source) {
    for await (const batch of source) {
      const rows: Written[] = []
      onTasks(batch.length)
      for (const { id: taskId, instruction, isClassification, instances } of batch) {
        onMore(instances.length - 1)
        for (const { place, reason, input, output } of judgeInstances(instances, { seed, id: taskId })) {
          const id = `${taskId}/${place}`
          if (reason === undefined) rows.push({ id, instruction, input, output, source: 'machine', isClassification })
          else log.reject({ id, stage: 'instances', reason })
        }
      }
      if (rows.length > 0) yield rows
    }
  }
}

/** The seed tasks as rows of the output; without `include` they are counted as what they were, demonstrations. */
export function seedPairsPass({
  include,
  seed,
  language,
}: { include: boolean } & Omit<WriteOptions, 'settings'>): Pass {
  return {
    name: 'seed-pairs',
    settings: ['includeSeeds', 'seed', 'language'],
    tasks: async () => [{ id: 'all' }],
    async work(_task, context) {
      const log = openRejectLog(join(context.folder, 'lost.jsonl'))
      const seeds = await readSeeds(context)
      async function* instances(): AsyncGenerator<Written[]> {
        const rows = seeds.flatMap(({ id, instruction, isClassification, instances }) =>
          instances.map((instance, place) => ({
            ...instance,
            id: `${id}/${place}`,
            instruction,
            isClassification,
            source: 'seed' as const,
          })),
        )
        if (!include)
          for (const { id } of seeds) log.reject({ id, stage: 'seed-pairs', reason: 'shown to the model only' })
        else if (rows.length > 0) yield rows
      }
      return closing(log, async () => {
        const written = await pipe(
          instances(),
          map(toPair(seed, language)),
          writeRows(join(context.folder, pairsFile), { schema: pairSchema }),
        )
        const more = include ? written.rows - seeds.length : 0
        const added = more === 0 ? {} : { added: { 'seed-pairs: more than one instance of a task': more } }
        return { ...emptyTally, in: seeds.length, ...added, out: written.rows, rejected: log.rejected }
      })
    },
  }
}
