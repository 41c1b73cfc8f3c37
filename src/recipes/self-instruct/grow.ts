import { join } from 'node:path'
import { selfInstructFilter } from '../../filters/self-instruct.js'
import { type Schema, writeRows } from '../../formats/index.js'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { askAbout, isLost, type Lost, logLost } from '../ask/ask.js'
import { type Asking, openAsking } from '../ask/asking.js'
import type { Language } from '../ask/language.js'
import type { ModelStage, Resources } from '../types.js'
import type { Proposed, Shown } from './bootstrap-prompt.js'
import { createPool, type Pool } from './pool.js'
import { readSeeds, requireSome, type SeedTask } from './seeds.js'
import type { GrownTask } from './stages.js'

export const grownFile = 'grown.parquet'

const grownSchema: Schema = { id: 'string', instruction: 'string', input: 'string', output: 'string' }

/** Requests in a row that may add nothing before the growth is given up: a model that only repeats itself never ends. */
const mostIdleRequests = 100

export type GrowOptions = {
  /** Tasks to think up at least; the last replies may give some more. */
  target: number
  /** Requests that do not wait for one another: each sees the pool as it was this many replies before. */
  lookahead: number
  seed: number
  mode: 'self-instruct' | 'alpaca'
  only: 'any' | 'classification'
  strict: boolean
  language: Language
  /** How many tasks a prompt shows, and how many of them at most are the model's own. */
  shown: { all: number; machine: number }
  /** The config keys that its bytes depend on. */
  settings: readonly string[]
}

type GrowStage = ModelStage<Shown, Proposed>

/**
 * The growing pool (arXiv 2212.10560 §2.2) as one task: asks for tasks with some of the pool shown, judges what is proposed in
 * the order it was asked for, and takes in what is new. Which request sees which pool depends on `lookahead` alone, so any
 * concurrency gives the same tasks; after a crash the journal gives the replies again.
 */
export function growPass(stage: GrowStage, options: GrowOptions, resources: Resources): Pass {
  return {
    name: 'grow',
    settings: options.settings,
    tasks: async () => reduceTask,
    async work(_task, context) {
      const asking = await openAsking(context, resources)
      return closing(asking, async () => {
        const seeds = (await readSeeds(context)).filter(
          ({ isClassification }) => options.only === 'any' || isClassification,
        )
        requireSome(seeds.length, options.only === 'any' ? 'task' : 'classification')
        const grower = createGrower(seeds, options, asking.log)
        const written = await writeRows(join(context.folder, grownFile), { schema: grownSchema })(
          grow(stage, grower, options, { ...asking, onGrown: context.progress }),
        )
        const { rejected, failed } = asking.log
        return { ...emptyTally, added: grower.added(), out: written.rows, rejected, failed }
      })
    },
  }
}

/** Sends requests, `lookahead` of them ahead of what the pool has taken in, and hands on what it takes in. */
async function* grow(
  stage: GrowStage,
  grower: Grower,
  { lookahead }: GrowOptions,
  asking: Asking & { onGrown(tasks: number): void },
): AsyncGenerator<GrownTask[]> {
  const waiting: Promise<Answer>[] = []
  try {
    while (true) {
      while (waiting.length < lookahead && !asking.signal.aborted) {
        const request = grower.nextRequest()
        if (request === undefined) break
        waiting.push(answer(stage, request, asking))
      }
      const next = await waiting.shift()
      if (next === undefined) break
      if ('fatal' in next) throw next.fatal
      const tasks = grower.take(next)
      asking.onGrown(tasks.length)
      if (tasks.length > 0) yield tasks
    }
  } finally {
    // What was paid for must reach its journal before the task ends, however it ends.
    await Promise.all(waiting)
  }
  asking.signal.throwIfAborted()
}

type Taken = { readonly id: string; readonly outcome: Proposed | Lost }
type Answer = Taken | { readonly fatal: unknown }

/** Never rejects, because the request before it may still be waited for. */
async function answer(stage: GrowStage, request: Shown, asking: Asking): Promise<Answer> {
  try {
    return { id: request.id, outcome: await askAbout(stage, request, asking) }
  } catch (fatal) {
    return { fatal }
  }
}

type Grower = {
  /** What to ask next, or nothing once there are enough tasks or none will come. */
  nextRequest(): Shown | undefined
  /** The tasks of a reply that pass the rules and are new to the pool, which takes them in; the log has the others. */
  take(reply: Taken): GrownTask[]
  /** What the model proposed, for the accounting. */
  added(): Readonly<Record<string, number>>
}

function createGrower(seeds: readonly SeedTask[], options: GrowOptions, log: Asking['log']): Grower {
  const { target, seed, strict, shown, mode, language } = options
  const pool = createPool(seeds, { seed, tokens: strict ? 'ascii' : 'words' })
  const unfit = selfInstructFilter({ keywords: mode, language })
  const added: Record<string, number> = {}
  let requests = 0
  let idle = 0
  return {
    nextRequest() {
      if (pool.grown >= target || idle >= mostIdleRequests) return undefined
      const id = `request-${String(requests).padStart(7, '0')}`
      return { id, demonstrations: pool.draw(requests++, shown) }
    },
    take({ id, outcome }) {
      const tasks = isLost(outcome) ? [] : outcome.tasks.map((task, place) => ({ id: `${id}/${place}`, ...task }))
      if (isLost(outcome)) {
        logLost(log, { id, stage: 'grow' }, outcome)
        count(added, 'grow: reply without tasks', 1)
      } else count(added, 'grow: proposed by the model', tasks.length)
      const fit = tasks.filter((task) => isNew(task, pool, unfit, log))
      idle = fit.length > 0 ? 0 : idle + 1
      if (idle === mostIdleRequests && pool.grown < target) {
        count(added, 'grow: given up', 1)
        const reason = `gave up after ${mostIdleRequests} requests in a row that added nothing`
        log.fail({ id: `${id}/end`, stage: 'grow', reason })
      }
      return fit
    },
    added: () => added,
  }
}

function isNew(task: GrownTask, pool: Pool, unfit: (instruction: string) => string | undefined, log: Asking['log']) {
  const reason = unfit(task.instruction)
  if (reason !== undefined) {
    log.reject({ id: task.id, stage: 'grow', reason })
    return false
  }
  const near = pool.offer(task.id, task.instruction)
  if (near === undefined) return true
  const detail = `ROUGE-L ${near.score.toFixed(3)} to ${near.id}`
  log.reject({ id: task.id, stage: 'grow', reason: 'like a task of the pool', detail })
  return false
}

function count(counts: Record<string, number>, what: string, n: number): void {
  counts[what] = (counts[what] ?? 0) + n
}
