import type { RunView } from '../../run/types.js'
import type { Coreset } from '../../select/coreset.js'
import { thinRows } from '../../select/weighted-rows.js'
import { UsageError } from '../../stream/errors.js'
import { countCommitted } from '../pass/artifacts.js'
import type { SelectionConfig } from './options.js'
import { mergeSketches } from './solve.js'

/** Most rows that a strategy chooses whose work grows with their square. */
const mostChosen = 20_000

/** Rows that a greedy strategy looks at to choose k: four a row, and no fewer than 10,000. */
export function poolSize(k: number): number {
  return Math.max(10_000, 4 * k)
}

/** Refuses more rows than a strategy chooses in bearable time. */
export function refuseMany({ by, select }: SelectionConfig & { by: string }): void {
  if (select <= mostChosen) return
  throw new UsageError(
    `--by ${by} compares the rows it looks at with each other, and ${select} are too many to choose`,
    {
      fix: `Choose ${mostChosen} at most, or by quota, which takes time in proportion to the rows.`,
    },
  )
}

/** The rows of the coreset that a greedy strategy looks at, with their weights: all of them, or as many as `poolSize` says. */
export async function coresetPool(run: RunView, config: SelectionConfig): Promise<Coreset> {
  const { select, seed } = config
  const pool = thinRows(await mergeSketches(run, config), poolSize(select), { seed, use: 'pool' })
  const kept = countCommitted(run, ['scan'])
  if (pool.ids.length < Math.min(select, kept)) {
    throw new UsageError(`The coreset has ${pool.ids.length} rows, fewer than the ${select} to choose`, {
      fix: `Set --coreset-rows to ${poolSize(select)}.`,
    })
  }
  return pool
}
