import { join } from 'node:path'
import type { Schema } from '../../formats/index.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { createQuotaPick } from '../../select/quota.js'
import { readRows, requireRows } from '../artifacts.js'
import { type Chosen, writeChosen } from './chosen.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'

/** Where ranks are left, by the scan or by a pass of the strategy's own: `Kept` with ranks, a task's in a file of this name. */
export const rankedFile = 'kept.parquet'
export const rankedSchema: Schema = { id: 'string', row: 'int32', rank: 'double' }

/** Ends a strategy that only ranks: chooses the rows of least rank, the lower id on ties; holds no others. */
export function chooseLeastPass(config: SelectionConfig, ranking = 'scan'): Pass {
  return {
    name: 'choose',
    tasks: async () => reduceTask,
    async work(_task, context) {
      requireRows(context, 'scan')
      const pick = createQuotaPick<Chosen>({ quotas: [config.select], seed: config.seed, inside: 'nearest' })
      for await (const rows of readRanked(context, ranking)) for (const row of rows) pick.push(row)
      const chosen = pick.finish().map((row) => ({ ...row, distance: 0 }))
      return writeChosen(context, chosen, config)
    },
  }
}

/** Every kept row in corpus order, its rank as its distance, as the tasks of the pass `ranking` left them. */
export async function* readRanked(run: RunView, ranking = 'scan'): AsyncGenerator<Chosen[]> {
  for (const { task, folder } of run.committed(ranking)) {
    for await (const rows of readRows<Required<Kept>>(join(folder, rankedFile))) {
      yield rows.map(({ id, row, rank }) => ({ id, row, task: task.id, cluster: 0, distance: rank }))
    }
  }
}
