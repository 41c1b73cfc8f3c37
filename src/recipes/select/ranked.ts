import { join } from 'node:path'
import { type Pass, reduceTask } from '../../run/types.js'
import { createQuotaPick } from '../../select/quota.js'
import { readRows, requireRows } from '../artifacts.js'
import { type Chosen, writeChosen } from './chosen.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'

/** Ends a strategy that only ranks: chooses the rows of least rank, the lower id on ties; holds no others. */
export function chooseLeastPass(config: SelectionConfig): Pass {
  return {
    name: 'choose',
    tasks: async () => reduceTask,
    async work(_task, context) {
      requireRows(context, 'scan')
      const pick = createQuotaPick<Chosen>({ quotas: [config.select], seed: config.seed, inside: 'nearest' })
      for (const { task, folder } of context.committed('scan')) {
        for await (const rows of readRows<Required<Kept>>(join(folder, 'kept.parquet'))) {
          for (const { id, row, rank } of rows) pick.push({ id, row, task: task.id, cluster: 0, distance: rank })
        }
      }
      const chosen = pick.finish().map((row) => ({ ...row, distance: 0 }))
      return writeChosen(context, chosen, config)
    },
  }
}
