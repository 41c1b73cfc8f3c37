import { execute } from '../run/execute.js'
import type { Tally } from '../run/tally.js'
import type { RunEvent } from '../run/types.js'
import { planRun } from './plan-run.js'
import { type Calls, type MachineOptions, openResources } from './resources.js'

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
  const { inputs, out, machine = {}, signal, onEvent } = options
  const { reading } = machine
  const { recipe, plan, texts } = await planRun(options.recipe, inputs, { out, config: options.config ?? {}, reading })
  const { config } = plan
  const open = openResources(config, out, machine)
  try {
    const passes = recipe.passes(config, open.resources, texts)
    const done = await execute({ out, plan, passes, signal, onEvent })
    const tally = done.committed.at(-1)!.tally
    return { out: done.paths.out, tally, wasDone: done.wasDone, calls: open.calls() }
  } finally {
    await open.close()
  }
}
