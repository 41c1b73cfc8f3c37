import { join } from 'node:path'
import { type Columns, readShard, writeRows } from '../../formats/index.js'
import { type BadShard, leavingBad, type OnBadShard } from '../../formats/shards.js'
import { openRejectLog, type RejectLog } from '../../run/reject-log.js'
import { total } from '../../run/tally.js'
import type { Pass, PlannedShard, TaskContext } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { type Range, reduced } from '../pass/artifacts.js'
import { badShardDetail, badShardReason } from '../pass/bad-shards.js'
import { textOf } from '../pass/conversation.js'
import { shardSchema } from '../pass/shard-schema.js'
import { rowId, textFault } from '../select/corpus.js'
import type { Resources } from '../types.js'
import { type Decision, readDecisions } from './decide.js'
import type { DedupConfig } from './options.js'
import { openRowIds } from './row-ids.js'
import { numberRows, type Stretch } from './row-numbers.js'

/** What a task leaves: its rows that stay, every column as it was. */
export const keptFile = 'rows.parquet'

const reasons: Record<DedupConfig['by'], string> = {
  exact: 'exact duplicate',
  minhash: 'near duplicate',
  semantic: 'semantic duplicate',
  rouge: 'not novel',
}

/** Reads the corpus a second time and lets the rows that stay through; the others are listed with whom they duplicate. */
export function writePass(config: DedupConfig, reading: Resources['reading']): Pass {
  return {
    name: 'write',
    apart: true,
    tasks: async (run) => run.committed('scan').map(({ task }) => task),
    async work(task, context) {
      const stretch = numberRows(context).stretches.find(({ scanned }) => scanned.task.id === task.id)!
      const shard = context.plan.shards[task.shard!]!
      const { signal, folder } = context
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      let bad: BadShard | undefined
      const onBad: OnBadShard | undefined =
        config.onBadShard === 'skip'
          ? (found) => {
              bad = found
            }
          : undefined
      return closing(log, async () => {
        const schema = await shardSchema(shard, context, { reading, onBad })
        const rows = readableRows(stretch)
        const source = leavingBad(shard, readShard(shard, { ...reading, rows, signal }), { start: rows.start, onBad })
        const kept = rowsThatStay(source, stretch, { config, context, log })
        const written = await writeRows(join(folder, keptFile), { schema })(kept)
        const { out } = stretch.scanned.tally
        const left = out - written.rows - total(log.rejected)
        // Of the columns that no pass has read yet one may not decode.
        if (bad !== undefined && left > 0) leaveBad(log, shard, { bad, left })
        return { in: out, out: written.rows, rejected: log.rejected, failed: {} }
      })
    },
  }
}

/** The rows of a shard that the scan could read: what a bad shard left out stands behind them. */
function readableRows({ scanned: { task, tally }, rows }: Stretch): Range {
  const start = task.rows?.start ?? 0
  return { start, end: start + rows - (tally.rejected[`read: ${badShardReason}`] ?? 0) }
}

function leaveBad(log: RejectLog, shard: PlannedShard, { bad, left }: { bad: BadShard; left: number }): void {
  const id = rowId(shard, bad.row)
  const detail = `${id} and what follows it: ${badShardDetail(shard, bad.error)}`
  log.leave({ id, stage: 'write', reason: badShardReason, detail }, left)
}

type Setting = { config: DedupConfig; context: TaskContext; log: RejectLog }

async function* rowsThatStay(
  source: AsyncIterable<readonly Columns[]>,
  { first, rows }: Stretch,
  { config, context, log }: Setting,
): AsyncGenerator<Columns[]> {
  const { idOf, close } = openRowIds(context, config)
  const decisions = readDecisions(reduced(context, 'decide').folder, first, first + rows)
  const lose = ({ row, of, kept, score }: Decision) =>
    log.reject({
      id: idOf(row),
      stage: 'dedup',
      reason: reasons[config.by],
      ...(kept === of ? {} : { detail: `of the group of ${idOf(kept)}` }),
      duplicate_of: idOf(of),
      score,
    })
  try {
    let decision = (await decisions.next()).value as Decision | undefined
    let row = first
    for await (const batch of source) {
      const staying: Columns[] = []
      for (const values of batch) {
        // A row without a text was listed by the scan.
        if (decision?.row === row) {
          lose(decision)
          decision = (await decisions.next()).value as Decision | undefined
        } else if (textFault(textOf(values[config.textColumn])) === undefined) staying.push(values)
        row++
      }
      context.progress(batch.length)
      if (staying.length > 0) yield staying
    }
  } finally {
    close()
    await decisions.return(undefined)
  }
}
