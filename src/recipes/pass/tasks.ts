import { lastRow, splitShard } from '../../formats/index.js'
import type { Plan, Task } from '../../run/types.js'
import { CorruptInputError } from '../../stream/errors.js'
import type { Resources } from '../types.js'
import type { BadShardConfig } from './bad-shards.js'

/** A Parquet shard beyond this many bytes is cut at row groups into several tasks. */
const shardBytes = 64 * 1024 * 1024

/** Rows a task of the model stages takes; its replies are journalled one by one, so this bounds only the redo. */
const modelRows = 10_000

/** A task a shard, or several where a shard can be cut; ids sort in shard and row order. */
export async function shardTasks(
  plan: Plan,
  { onBadShard }: Partial<BadShardConfig>,
  { reading }: Pick<Resources, 'reading'>,
): Promise<Task[]> {
  const tasks: Task[] = []
  for (const [shard, planned] of plan.shards.entries()) {
    const ranges = await splitShard(planned, { ...reading, bytes: shardBytes }).catch((error) => {
      // The one task it gets meets the same fault, and tells of it.
      if (onBadShard === 'skip' && error instanceof CorruptInputError) return [{ start: 0, end: lastRow }]
      throw error
    })
    for (const [part, rows] of ranges.entries()) {
      const id = `${String(shard).padStart(6, '0')}-${String(part).padStart(5, '0')}`
      tasks.push(ranges.length === 1 ? { id, shard } : { id, shard, rows })
    }
  }
  return tasks
}

/** Tasks of equal length over the rows that earlier passes left. */
export function rowTasks(rows: number): Task[] {
  return Array.from({ length: Math.ceil(rows / modelRows) }, (_, n) => ({
    id: String(n).padStart(5, '0'),
    rows: { start: n * modelRows, end: Math.min(rows, (n + 1) * modelRows) },
  }))
}
