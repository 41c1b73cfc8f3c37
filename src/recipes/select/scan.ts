import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass } from '../../run/types.js'
import { batch } from '../../stream/batch.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches } from '../../stream/types.js'
import { watchBadShard } from '../bad-shards.js'
import { shardTasks } from '../tasks.js'
import type { Resources } from '../types.js'
import { type JudgeText, readTexts, type TextRow } from './corpus.js'
import type { SelectionConfig } from './options.js'
import { openSpill, type Spill, type VectorKind } from './spill.js'

/**
 * What the scan keeps of a row: the text stays in its shard, and its vector is in the vector file at the same place. Where
 * the strategy ranks rows, `rank` is the row's, least first.
 */
export type Kept = { id: string; row: number; rank?: number }
const keptSchema: Schema = { id: 'string', row: 'int32' }
const rankedSchema: Schema = { ...keptSchema, rank: 'double' }

/** How a strategy ranks a row when it is read, least first; `scoreColumn` is read into `row.score`. */
export type Ranking = { readonly scoreColumn?: string; rank(row: TextRow): number }

export type ScanOptions = { ranking?: Ranking | undefined; vectors?: VectorKind | undefined }

/** Reads every row once: judges it, ranks it where the strategy does, embeds it and spills its vector. */
export function scanPass(
  config: SelectionConfig,
  resources: Resources,
  judge: JudgeText,
  { ranking, vectors = 'whitened' }: ScanOptions = {},
): Pass {
  return {
    name: 'scan',
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, context) {
      const { plan, folder, signal, progress } = context
      const spill = await openSpill(vectors, { view: context, config, resources })
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      let read = 0
      const onRows = (rows: number) => {
        read += rows
        progress(rows)
      }
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const { reading } = resources
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      const scoreColumn = ranking?.scoreColumn
      try {
        const kept = await pipe(
          readTexts(shard, config, { rows, signal, scoreColumn, reading, onReject: log.reject, onRows, onBad }),
          keep('select', (row) => judge(row.text), log.reject),
          batch({ rows: 1024 }),
          (source) => spillRows(source, spill, ranking),
          writeRows(join(folder, 'kept.parquet'), { schema: ranking ? rankedSchema : keptSchema }),
        )
        await spill.finish()
        read += await leaveRest()
        return { in: read, out: kept.rows, rejected: log.rejected, failed: {} }
      } finally {
        log.close()
        await spill.close()
      }
    },
  }
}

async function* spillRows(
  source: Batches<TextRow>,
  spill: Spill,
  ranking: Ranking | undefined,
): AsyncGenerator<Kept[]> {
  for await (const rows of source) {
    await spill.push(rows)
    yield rows.map((row) => ({ id: row.id, row: row.row, ...(ranking && { rank: ranking.rank(row) }) }))
  }
}
