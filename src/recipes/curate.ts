import { execute } from '../run/execute.js'
import { readRunFolder } from '../run/run-folder.js'
import type { Tally } from '../run/tally.js'
import type { RunEvent } from '../run/types.js'
import { closing } from '../stream/closing.js'
import { withinMemory } from './memory.js'
import { type PlannedRun, planAgain, planRun } from './plan-run.js'
import { type Calls, type MachineOptions, openResources } from './resources.js'
import { openWorkers } from './workers/pool.js'

export type { MachineOptions } from './resources.js'

export type CurateOptions = {
  /** The name of a recipe. */
  recipe: string
  /** Files, folders and globs; their order does not matter. A recipe that brings its own input also takes none. */
  inputs: readonly string[]
  /** The run folder. Called again with the same settings, a run resumes. */
  out: string
  /** The recipe's options; everything the output's bytes depend on beside the inputs. */
  config?: Readonly<Record<string, unknown>>
  machine?: MachineOptions
  /** Stops the run: rows in flight are finished, and nothing is started. */
  signal?: AbortSignal
  onEvent?: (event: RunEvent) => void
}

export type Curated = {
  readonly out: string
  /** What became of every row: in = out + rejected + failed. */
  readonly tally: Tally
  /** True when the run had already been finished, and nothing was done. */
  readonly wasDone: boolean
  readonly calls: Calls
}

/** Runs a recipe over shards into a folder of Parquet; resumes what an earlier call left unfinished. */
export async function curate(options: CurateOptions): Promise<Curated> {
  const { inputs, out, config = {}, machine } = options
  return runPlanned(await planRun(options.recipe, inputs, { out, config, reading: machine?.reading }), options)
}

export type RetryOptions = Pick<CurateOptions, 'out' | 'machine' | 'signal' | 'onEvent'>

/**
 * Asks again about the rows of a run that failed, and about no others: replies it had come from its journal. The result
 * is that of a run in which they had not failed, and takes the place of the one before when it is whole. Shards are read
 * as the run read them, but for what `machine.reading` says.
 */
export async function retry(options: RetryOptions): Promise<Curated> {
  const { plan } = await readRunFolder(options.out)
  const reading = { ...plan.reading, ...options.machine?.reading }
  const machine = { ...options.machine, reading }
  return runPlanned(await planAgain({ ...plan, reading }), { ...options, machine, retryFailed: true })
}

async function runPlanned(
  { recipe, plan, texts }: PlannedRun,
  { out, machine = {}, ...options }: RetryOptions & { retryFailed?: boolean },
): Promise<Curated> {
  const open = openResources(plan.config, out, machine, (text) => options.onEvent?.({ kind: 'note', text }))
  const { callSignal: _, ...shared } = machine
  const pool = openWorkers(recipe.passes(plan.config, open.resources, texts), machine.workers ?? 1, {
    plan,
    out,
    texts,
    machine: shared,
  })
  return closing({ close: () => pool.close().finally(open.close) }, async () => {
    const { retryFailed, onEvent } = options
    const { passes, engine } = pool
    const done = await withinMemory(machine, options.signal, (signal) =>
      execute({ out, plan, passes, engine, retryFailed, signal, onEvent }),
    )
    const tally = done.committed.at(-1)!.tally
    return { out: done.paths.out, tally, wasDone: done.wasDone, calls: open.calls() }
  })
}
