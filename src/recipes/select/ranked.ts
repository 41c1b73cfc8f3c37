import { join } from 'node:path'
import type { Schema } from '../../formats/index.js'
import type { Pass, RunView } from '../../run/types.js'
import { countCommitted, readRows } from '../pass/artifacts.js'
import { choosePass } from './choose-pass.js'
import type { Chosen } from './chosen.js'
import { type Candidate, leastRanked } from './least-ranked.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'

/** Where ranks are left, by the scan or by a pass of the strategy's own: `Kept` with ranks, a task's in a file of this name. */
export const rankedFile = 'kept.parquet'
export const rankedSchema: Schema = { id: 'string', row: 'int32', rank: 'double' }

/** Ends a strategy that only ranks: chooses the rows of least rank, the lower id on ties; holds no others. */
export function chooseLeastPass(config: SelectionConfig, ranking = 'scan'): Pass {
  return choosePass(config, async (context, { select }) => {
    async function* candidates(): AsyncGenerator<Candidate[]> {
      for await (const rows of readRanked(context, ranking)) {
        yield rows.map((row) => ({ ...row, place: { ...row, distance: 0 } }))
      }
    }
    return leastRanked(candidates, [Math.min(select, countCommitted(context, ['scan']))])
  })
}

/** Every kept row in corpus order, its rank as its distance, as the tasks of the pass `ranking` left them. */
export async function* readRanked(run: RunView, ranking = 'scan'): AsyncGenerator<Chosen[]> {
  for (const { task, folder } of run.committed(ranking)) {
    for await (const rows of readRows<Required<Kept>>(join(folder, rankedFile))) {
      yield rows.map(({ id, row, rank }) => ({ id, row, task: task.id, cluster: 0, distance: rank }))
    }
  }
}
