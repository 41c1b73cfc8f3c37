import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass, PlannedShard } from '../../run/types.js'
import { batch } from '../../stream/batch.js'
import { closing } from '../../stream/closing.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { shardTasks } from '../pass/tasks.js'
import type { Resources } from '../types.js'
import { type JudgeText, type ReadTextsOptions, readTexts, type TextRow } from './corpus.js'
import type { SelectionConfig } from './options.js'
import { openSpill, type Spill, type VectorKind } from './spill.js'
import { readTextTiles, type TextTile } from './text-tiles.js'

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
  judge: JudgeText | undefined,
  { ranking, vectors = 'whitened' }: ScanOptions = {},
): Pass {
  return {
    name: 'scan',
    apart: true,
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, context) {
      const { plan, folder, signal, progress } = context
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      const spill = await openSpill(vectors, { view: context, task, config, resources }).catch((error) => {
        log.close()
        throw error
      })
      let read = 0
      const onRows = (rows: number) => {
        read += rows
        progress(rows)
      }
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const { reading } = resources
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      return closing({ close: () => spill.close().finally(log.close) }, async () => {
        const reader = { rows, signal, reading, onReject: log.reject, onRows, onBad }
        // Whoever judges or ranks a text wants it as a string.
        const tiles =
          judge || ranking
            ? judgedTiles(shard, config, reader, { judge, ranking })
            : readTextTiles(shard, config, reader)
        const kept = await pipe(
          spillTiles(tiles, spill),
          writeRows(join(folder, 'kept.parquet'), { schema: ranking ? rankedSchema : keptSchema }),
        )
        await spill.finish()
        read += await leaveRest()
        return { in: read, out: kept.rows, rejected: log.rejected, failed: {} }
      })
    },
  }
}

async function* judgedTiles(
  shard: PlannedShard,
  config: SelectionConfig,
  options: ReadTextsOptions,
  { judge, ranking }: { judge: JudgeText | undefined; ranking: Ranking | undefined },
): AsyncGenerator<TextTile<Kept>> {
  const source = pipe(
    readTexts(shard, config, { ...options, scoreColumn: ranking?.scoreColumn }),
    keep('select', (row) => judge?.(row.text), options.onReject),
    batch({ rows: 1024 }),
  )
  for await (const rows of source) {
    yield {
      rows: rows.map((row) => ({ id: row.id, row: row.row, ...(ranking && { rank: ranking.rank(row) }) })),
      texts: rows.map(({ text }) => text),
    }
  }
}

async function* spillTiles(tiles: AsyncIterable<TextTile<Kept>>, spill: Spill): AsyncGenerator<readonly Kept[]> {
  for await (const { rows, texts } of tiles) {
    await spill.push(rows, texts)
    yield rows
  }
}
