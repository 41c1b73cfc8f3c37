import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readShard } from '../../formats/index.js'
import type { Committed, RunView } from '../../run/types.js'
import { SluiceError, UsageError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'

export type Range = { readonly start: number; readonly end: number }

/** The one committed task of a reduce. */
export function reduced(run: RunView, pass: string): Committed {
  const committed = run.committed(pass)[0]
  if (!committed) throw new SluiceError('E_BUG', 70, `Pass ${pass} is read before it is committed`)
  return committed
}

/** A small file that the one task of a reduce left, whole. */
export async function readArtifact(run: RunView, pass: string, file: string): Promise<Buffer> {
  return readFile(join(reduced(run, pass).folder, file))
}

/** The rows of a Parquet file that a task left; the caller knows their type, having written them. */
export function readRows<R>(path: string, rows?: Range, signal?: AbortSignal): Batches<R> {
  return readShard({ path, format: 'parquet' }, { rows, signal }) as Batches<unknown> as Batches<R>
}

/**
 * The rows that all tasks of some passes left in their `file`, end to end in pass and task order; `range` is half-open
 * over the whole. Each task's tally must count the file's rows as its `out`.
 */
export async function* readCommitted<R>(
  run: RunView,
  { passes, file, range, signal }: { passes: readonly string[]; file: string; range?: Range; signal?: AbortSignal },
): AsyncGenerator<readonly R[]> {
  let at = 0
  for (const { folder, tally } of passes.flatMap((pass) => run.committed(pass))) {
    const start = Math.max(0, (range?.start ?? 0) - at)
    const end = Math.min(tally.out, (range?.end ?? Number.POSITIVE_INFINITY) - at)
    if (start < end) yield* readRows<R>(join(folder, file), { start, end }, signal)
    at += tally.out
  }
}

/** How many rows the tasks of some passes left. */
export function countCommitted(run: RunView, passes: readonly string[]): number {
  return passes.flatMap((pass) => run.committed(pass)).reduce((sum, { tally }) => sum + tally.out, 0)
}

/** Refuses a corpus of which a pass has read no row at all. */
export function requireRows(run: RunView, pass: string): void {
  if (run.committed(pass).some(({ tally }) => tally.in > 0)) return
  const names = run.plan.shards.map(({ name }) => name)
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '')
  throw new UsageError(`The corpus has no rows: ${shown}`, { fix: 'Name shards that hold some.' })
}
