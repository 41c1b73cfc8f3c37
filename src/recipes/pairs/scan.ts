import { join } from 'node:path'
import { type Columns, type Schema, writeRows } from '../../formats/index.js'
import type { Pass } from '../../run/types.js'
import { batch } from '../../stream/batch.js'
import { closing } from '../../stream/closing.js'
import { map } from '../../stream/map.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches, Stage } from '../../stream/types.js'
import { type Asking, openAsking } from '../ask/asking.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { shardTasks } from '../pass/tasks.js'
import type { Kept } from '../select/scan.js'
import { openSpill, type Spill } from '../select/spill.js'
import type { Resources } from '../types.js'
import { asSelection, type PairSelectionConfig } from './options.js'
import { type PairRow, readPairs } from './read.js'

/** How a recipe judges pairs: what it lets through, what it says of each, and which it prefers. */
export type PairJudge<Judged extends PairRow> = {
  /** Further columns that it goes by, to be read into `row.beside`. */
  readonly reads?: readonly string[]
  /** Rules and questions, in order. */
  stage(asking: Asking): Stage<PairRow, Judged>
  /** More is better. */
  score(row: Judged): number
  /** What the judgement adds to the columns of a row. */
  readonly columns: Schema
  columnsOf(row: Judged): Columns
  /** Whether a strategy that looks for likeness follows, which needs vectors: of this text, by default all of the row's. */
  readonly vectors: 'plain' | 'none'
  textOf?(row: Judged): string
  /** The config keys that all of this, and the reading, depend on. */
  readonly settings: readonly string[]
}

/**
 * The `scan` of a selection over pairs: reads every row once, judges it with the model's help, and leaves id, rank and
 * the judge's columns of each that it kept, with its vector, for a strategy that goes by score.
 */
export function pairScanPass<Judged extends PairRow>(
  config: PairSelectionConfig,
  resources: Resources,
  judge: PairJudge<Judged>,
): Pass {
  const { reading } = resources
  return {
    name: 'scan',
    settings: [...judge.settings, 'limits'],
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, context) {
      const { plan, folder, signal } = context
      const asking = await openAsking(context, resources)
      const opened = openSpill(judge.vectors, { view: context, task, config: asSelection(config), resources })
      const spill = await opened.catch((error) => asking.close().then(() => Promise.reject(error)))
      const { log } = asking
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      let read = 0
      const onRows = (more: number) => {
        read += more
      }
      return closing({ close: () => asking.close().finally(() => spill.close()) }, async () => {
        const kept = await pipe(
          readPairs(shard, config, { beside: judge.reads, rows, signal, reading, onBad, onReject: log.reject, onRows }),
          judge.stage(asking),
          map((row) => {
            context.progress(1)
            return row
          }),
          batch({ rows: 1024 }),
          (source) => spillJudged(source, spill, judge),
          writeRows(join(folder, 'kept.parquet'), { schema: { ...keptSchema, ...judge.columns } }),
        )
        await spill.finish()
        read += await leaveRest()
        return { in: read, out: kept.rows, rejected: log.rejected, failed: log.failed }
      })
    },
  }
}

const keptSchema: Schema = { id: 'string', row: 'int32', rank: 'double' }

async function* spillJudged<Judged extends PairRow>(
  source: Batches<Judged>,
  spill: Spill,
  judge: PairJudge<Judged>,
): AsyncGenerator<(Required<Kept> & Columns)[]> {
  const textOf = judge.textOf ?? wholeText
  for await (const rows of source) {
    await spill.push(rows, rows.map(textOf))
    yield rows.map((row) => ({ id: row.id, row: row.row, rank: -judge.score(row), ...judge.columnsOf(row) }))
  }
}

/** All that was asked and answered. */
function wholeText({ exchanges }: PairRow): string {
  return exchanges.flatMap(({ instruction, output }) => [instruction, output]).join('\n')
}
