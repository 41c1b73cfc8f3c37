import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import type { Committed, Pass, RunView } from '../../run/types.js'
import { reduceTask } from '../../run/types.js'
import { createQuotaPick, quotas } from '../../select/quota.js'
import { SluiceError, UsageError } from '../../stream/errors.js'
import { readRows, reduced } from '../artifacts.js'
import { type Assigned, readAssigned } from './assign.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'
import { readCentroids } from './solve.js'

/** A chosen row, and where to find it: `task` is its scan task, `row` its number in the shard. */
export type Chosen = { id: string; task: string; row: number; cluster: number; distance: number }

const chosenSchema: Schema = { id: 'string', task: 'string', row: 'int32', cluster: 'int32', distance: 'float' }

/** Shares `config.select` among the clusters and picks that many rows of each; memory grows with the picks alone. */
export function choosePass(config: SelectionConfig): Pass {
  return {
    name: 'choose',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const run: RunView = context
      const { centroids, dimensions } = await readCentroids(run, 'refine')
      const counts = new Float64Array(centroids.length / dimensions)
      let kept = 0
      for (const scanned of run.committed('scan')) {
        for await (const { clusters } of readAssigned(run, scanned)) {
          for (const cluster of clusters) counts[cluster]!++
          kept += clusters.length
        }
      }
      const { alpha, inside, seed } = config
      const pick = createQuotaPick<Chosen>({ quotas: quotas(counts, config.select, { alpha }), seed, inside })
      for (const scanned of run.committed('scan')) {
        for await (const rows of candidates(run, scanned)) for (const row of rows) pick.push(row)
      }
      const chosen = inCorpusOrder(pick.finish())
      requireUniqueIds(chosen, config)
      if (chosen.length !== Math.min(kept, config.select)) {
        throw new SluiceError(
          'E_BUG',
          70,
          `Chose ${chosen.length} of ${kept} rows, and ${config.select} were asked for`,
        )
      }
      await writeRows(join(context.folder, 'chosen.parquet'), { schema: chosenSchema })(oneBatch(chosen))
      const left = kept - chosen.length
      const rejected: Record<string, number> = left === 0 ? {} : { 'choose: not chosen': left }
      return { in: kept, out: chosen.length, rejected, failed: {} }
    },
  }
}

/** The chosen rows, in corpus order. */
export async function readChosen(run: RunView): Promise<Chosen[]> {
  const chosen: Chosen[] = []
  for await (const rows of readRows<Chosen>(join(reduced(run, 'choose').folder, 'chosen.parquet'))) chosen.push(...rows)
  return chosen
}

/** The kept rows of a task with their clusters: two files read side by side. */
async function* candidates(run: RunView, scanned: Committed): AsyncGenerator<Chosen[]> {
  const assigned = readAssigned(run, scanned)
  let tile: Assigned | undefined
  let at = 0
  try {
    for await (const rows of readRows<Kept>(join(scanned.folder, 'kept.parquet'))) {
      const batch: Chosen[] = []
      for (const { id, row } of rows) {
        if (!tile || at === tile.clusters.length) {
          tile = (await assigned.next()).value as Assigned
          at = 0
        }
        batch.push({ id, row, task: scanned.task.id, cluster: tile.clusters[at]!, distance: tile.distances[at]! })
        at++
      }
      yield batch
    }
  } finally {
    await assigned.return(undefined)
  }
}

function inCorpusOrder(rows: readonly Chosen[]): Chosen[] {
  return [...rows].sort((a, b) => (a.task === b.task ? a.row - b.row : a.task < b.task ? -1 : 1))
}

function requireUniqueIds(chosen: readonly Chosen[], { idColumn }: SelectionConfig): void {
  const seen = new Set<string>()
  for (const { id } of chosen) {
    if (seen.has(id)) {
      throw new UsageError(`The id ${JSON.stringify(id)} of column \`${idColumn}\` belongs to more than one row`, {
        fix: 'Name a column of unique values with --id-column, or leave it out.',
      })
    }
    seen.add(id)
  }
}

async function* oneBatch<R>(rows: readonly R[]): AsyncGenerator<readonly R[]> {
  if (rows.length > 0) yield rows
}
