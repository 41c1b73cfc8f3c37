import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listBatches, type StoredBatch } from '../models/batch/store.js'
import { type Holder, lockHolder } from '../run/lock.js'
import { isPublished } from '../run/publish.js'
import { type PassState, passStates } from '../run/run-folder.js'
import type { Tally } from '../run/tally.js'
import { openRun } from './open-run.js'

export type RunStatus = {
  readonly recipe: string
  /** `stopped` is to be resumed by the command that began it. */
  readonly state: 'done' | 'running' | 'stopped'
  /** Who runs it now. */
  readonly holder?: Holder
  readonly passes: readonly PassState[]
  /** Replies kept so far, in bytes of the run's own journal. */
  readonly journalBytes: number
  /** Batches that the endpoint has, or may have, and whose results are not here yet. */
  readonly batches: readonly StoredBatch[]
  /** What became of every row, once the run is done. */
  readonly tally?: Tally
}

/** How far the run in a folder has come; it may be under way. */
export async function runStatus(out: string): Promise<RunStatus> {
  const { paths, plan, recipe, passes, ledger } = await openRun(out)
  const states = await passStates(plan, passes, ledger)
  const holder = await lockHolder(paths.lock)
  const last = ledger.committed(passes.at(-1)!.name)[0]
  const isDone = last !== undefined && (await isPublished(ledger.entry(last.pass, last.task)!.files, paths))
  return {
    recipe: recipe.name,
    state: holder ? 'running' : isDone ? 'done' : 'stopped',
    ...(holder && { holder }),
    passes: states,
    journalBytes: await bytesIn(paths.journal),
    batches: (await listBatches(paths.batches)).filter(({ isDone }) => !isDone),
    ...(isDone && { tally: last.tally }),
  }
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
