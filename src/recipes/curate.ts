import { openEmbedder } from '../embed/index.js'
import { type Journal, openJournal } from '../models/journal.js'
import { execute } from '../run/execute.js'
import { runPaths } from '../run/paths.js'
import type { Tally } from '../run/tally.js'
import type { RunEvent } from '../run/types.js'
import { openJournalledModel } from './open-model.js'
import { planRun } from './plan-run.js'
import type { Resources } from './types.js'

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

/** What differs from one machine to the next and changes no byte of the output. */
export type MachineOptions = {
  /** Calls in flight at once; default 8. */
  concurrency?: number
  /** Folder of the journal of replies; default inside the run folder. */
  journal?: string
  /** Name of the environment variable that holds the endpoint's key. */
  apiKeyEnv?: string
  /** Allows http:// to other machines than this one. */
  allowHttp?: boolean
  /** Aborts calls in flight; for the time after `signal`. */
  callSignal?: AbortSignal
}

export type Curated = {
  readonly out: string
  /** What became of every row: in = out + rejected + failed. */
  readonly tally: Tally
  /** True when the run had already been finished, and nothing was done. */
  readonly wasDone: boolean
  /** Calls made and replies found in the journal, this time. */
  readonly calls: { readonly made: number; readonly journalled: number }
}

/** Runs a recipe over shards into a folder of Parquet; resumes what an earlier call left unfinished. */
export async function curate(options: CurateOptions): Promise<Curated> {
  const { inputs, out, machine = {}, signal, onEvent } = options
  const { recipe, plan, texts } = await planRun(options.recipe, inputs, { out, config: options.config ?? {} })
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

type OpenResources = { resources: Resources; calls(): Curated['calls']; close(): Promise<void> }

/** Opens the model and the embedder when a pass first asks for them, each once. */
function openResources(config: Record<string, unknown>, out: string, machine: MachineOptions): OpenResources {
  const { concurrency = 8, journal: journalFolder = runPaths(out).journal, callSignal } = machine
  let journal: Journal | undefined
  const model = once(async () => {
    journal = await openJournal(journalFolder)
    return openJournalledModel(config as { model: string; endpoint?: string }, { ...machine, concurrency, journal })
  })
  const embedder = once(() =>
    openEmbedder(String(config.embedder), {
      endpoint: config.embedderEndpoint as string | undefined,
      apiKey: process.env[machine.apiKeyEnv ?? 'OPENAI_API_KEY'],
      allowHttp: machine.allowHttp,
    }),
  )
  return {
    resources: { model: model.get, embedder: embedder.get, concurrency, callSignal },
    calls: () => ({ made: journal?.counts.calls ?? 0, journalled: journal?.counts.hits ?? 0 }),
    close: async () => {
      await (await model.opened())?.close?.()
      await journal?.close()
    },
  }
}

function once<T>(open: () => Promise<T>): { get(): Promise<T>; opened(): Promise<T | undefined> } {
  let opening: Promise<T> | undefined
  return {
    get: () => {
      opening ??= open()
      return opening
    },
    // What failed to open has told its caller so, and needs no closing.
    opened: async () => opening?.catch(() => undefined),
  }
}
