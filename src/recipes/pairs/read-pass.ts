import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { type Judge, keep } from '../../stream/keep.js'
import { map } from '../../stream/map.js'
import { pipe } from '../../stream/pipe.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { shardTasks } from '../pass/tasks.js'
import type { Resources } from '../types.js'
import { type PairConfig, pairOptions } from './options.js'
import { type PairRow, readPairs } from './read.js'

/** What the pass leaves of each shard: its pairs, in order. */
export const readPairsFile = 'pairs.parquet'

const schema: Schema = { id: 'string', instruction: 'string', output: 'string' }

export type ReadPassOptions = {
  /** A rule that asks no model. */
  judge: Judge<PairRow>
  /** The config keys that it was made from. */
  judgeSettings: readonly string[]
}

/** Reads the pairs of all shards into the run, for passes that take them from there: the pass `read`. */
export function readPairsPass(
  config: PairConfig,
  resources: Resources,
  { judge, judgeSettings }: ReadPassOptions,
): Pass {
  const { reading } = resources
  return {
    name: 'read',
    apart: true,
    settings: [...Object.keys(pairOptions), ...judgeSettings, 'limits'],
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, { plan, folder, signal, progress }) {
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      let read = 0
      const onRows = (more: number) => {
        read += more
        progress(more)
      }
      return closing(log, async () => {
        const kept = await pipe(
          readPairs(shard, config, { rows, signal, reading, onBad, onReject: log.reject, onRows }),
          keep('read', judge, log.reject),
          map(({ id, instruction, output }) => ({ id, instruction, output })),
          writeRows(join(folder, readPairsFile), { schema }),
        )
        read += await leaveRest()
        return { in: read, out: kept.rows, rejected: log.rejected, failed: {} }
      })
    },
  }
}
