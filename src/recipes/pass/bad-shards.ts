import { z } from 'zod'
import { lastRow } from '../../formats/index.js'
import { type BadShard, describeUnlessBad, type OnBadShard } from '../../formats/shards.js'
import type { RejectLog } from '../../run/reject-log.js'
import type { PlannedShard, Task } from '../../run/types.js'
import type { Resources } from '../types.js'

/** The option of every recipe that reads a corpus. */
export const badShardOption = {
  onBadShard: z
    .enum(['fail', 'skip'])
    .default('fail')
    .describe('where a shard does not decode, stop (exit code 3), or leave the rest of it out and list it as rejected'),
}

export type BadShardConfig = { readonly onBadShard: 'fail' | 'skip' }

/** The reason of rows whose shard does not decode. */
export const badShardReason = 'bad shard'

/** For a pass that reads shards which an earlier one has read, and told of. */
export function onBadAgain({ onBadShard }: BadShardConfig): OnBadShard | undefined {
  return onBadShard === 'skip' ? () => {} : undefined
}

type Place = { shard: PlannedShard; rows: Task['rows']; log: RejectLog; reading: Resources['reading'] }

/**
 * For the pass that reads a shard first: `onBad` for its reader, and `leaveRest`, which lists what was not read up to the
 * end of `rows` and answers with how many rows that is, as far as is known.
 */
export function watchBadShard(
  { onBadShard }: BadShardConfig,
  { shard, rows, log, reading }: Place,
): { onBad: OnBadShard | undefined; leaveRest(): Promise<number> } {
  let found: BadShard | undefined
  const note = (bad: BadShard) => {
    found = bad
  }
  return {
    onBad: onBadShard === 'skip' ? note : undefined,
    async leaveRest() {
      if (found === undefined) return 0
      const { row, error } = found
      const described = rows ? undefined : await describeUnlessBad(shard, { ...reading, onBad: () => {} })
      const end = rows?.end ?? described?.rows
      const left = end === undefined || end === lastRow ? 0 : Math.max(0, end - row)
      const id = `${shard.name}#${row}`
      const where = `${id}${left > 0 ? ` and the ${left - 1} rows behind it` : ' and what follows it'}`
      const detail = `${where}: ${badShardDetail(shard, error)}`
      log.leave({ id, stage: 'read', reason: badShardReason, detail }, left)
      return left
    },
  }
}

/** What is wrong with a shard, without its path: that names a machine, and this goes into the card. */
export function badShardDetail(shard: PlannedShard, error: Error): string {
  return error.message.replaceAll(shard.path, shard.name)
}
