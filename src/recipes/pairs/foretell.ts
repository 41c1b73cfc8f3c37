import { foretellRows } from '../select/sample.js'
import type { AskedRows, CallPlan } from '../types.js'
import type { PairConfig } from './options.js'
import { columnsOf, type Layout, layoutOf, type PairRow, pairOf } from './read.js'

/** How many pairs there are, and some of them, for the plan of a run; a rule that asks no model may leave some out. */
export async function foretellPairs(
  { plan, signal, reading }: Parameters<CallPlan['rows']>[0],
  config: PairConfig & { seed: number },
  isKept: (row: PairRow) => boolean = () => true,
): Promise<Pick<AskedRows, 'steps'> & { readonly sample: readonly PairRow[] }> {
  const layouts = new Map<string, Layout>()
  const all = { ...config, select: Number.MAX_SAFE_INTEGER }
  const { steps, sample } = await foretellRows<PairRow>(plan, all, {
    ...{ signal, reading },
    columns: async (shard) => {
      const layout = await layoutOf(shard, config, reading)
      layouts.set(shard.path, layout)
      return columnsOf(layout)
    },
    look: (values, id, shard) => {
      const bytes = Buffer.byteLength(JSON.stringify(values))
      const pair = pairOf(values, layouts.get(shard.path)!)
      if (typeof pair === 'string') return { bytes }
      const row = { id, row: 0, ...pair }
      return isKept(row) ? { bytes, row } : { bytes }
    },
  })
  const [rows, [, pairs]] = steps as [AskedRows['steps'][0], AskedRows['steps'][0]]
  return { steps: [rows, ['pairs', pairs]], sample }
}
