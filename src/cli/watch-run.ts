import { listBatches } from '../models/batch/store.js'
import type { Curated } from '../recipes/curate.js'
import { runPaths } from '../run/paths.js'
import type { RunEvent } from '../run/types.js'
import { LimitError } from '../stream/errors.js'
import { listenForInterrupt } from './interrupt.js'
import { showProgress } from './progress.js'
import type { Terminal } from './verb.js'

export type RunOutcome = { curated: Curated; tookMs: number } | { exitCode: number }

type Watched = { signal: AbortSignal; callSignal: AbortSignal; onEvent: (event: RunEvent) => void }

/** Runs with progress and Ctrl-C; a run that was stopped or has reached a limit says which command goes on, and what goes on without. */
export async function watchRun(
  terminal: Terminal,
  out: string,
  run: (watched: Watched) => Promise<Curated>,
): Promise<RunOutcome> {
  const progress = showProgress(terminal)
  const { signal, callSignal, ...interrupt } = listenForInterrupt(progress.note)
  const began = Date.now()
  try {
    const curated = await run({ signal, callSignal, onEvent: progress.onEvent })
    progress.end()
    return { curated, tookMs: Date.now() - began }
  } catch (error) {
    progress.end()
    const exitCode = interrupt.exitCode()
    if (exitCode === undefined && !(error instanceof LimitError)) throw error
    const next =
      error instanceof LimitError
        ? `${error.message}. To go on where it left off, raise that limit and run the same command again:`
        : 'Stopped. To go on where it left off, run the same command again:'
    terminal.err(`${next}\n  ${commandLine()}`)
    const { length } = (await listBatches(runPaths(out).batches)).filter(({ id, isDone }) => id && !isDone)
    if (length > 0) terminal.err(`Batches that go on at the endpoint, for that command to collect: ${length}`)
    return { exitCode: exitCode ?? (error as LimitError).exitCode }
  } finally {
    interrupt.release()
  }
}

/** This command as it can be pasted into a shell. */
function commandLine(): string {
  const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
  return ['sluice', ...process.argv.slice(2)].map(quote).join(' ')
}
