import { join } from 'node:path'
import { type Columns, describeShard, readShard, writeRows } from '../../formats/index.js'
import { openRejectLog, type RejectLog } from '../../run/reject-log.js'
import type { Pass, TaskContext } from '../../run/types.js'
import { reduced } from '../artifacts.js'
import { textFault } from '../select/corpus.js'
import type { Resources } from '../types.js'
import { type Decision, readDecisions } from './decide.js'
import type { DedupConfig } from './options.js'
import { rowIds } from './row-ids.js'
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
    tasks: async (run) => run.committed('scan').map(({ task }) => task),
    async work(task, context) {
      const stretch = numberRows(context).stretches.find(({ scanned }) => scanned.task.id === task.id)!
      const shard = context.plan.shards[task.shard!]!
      const { rows, signal, folder } = { ...context, ...task }
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      try {
        const { schema } = await describeShard(shard, reading)
        const source = readShard(shard, { ...reading, rows, signal })
        const kept = rowsThatStay(source, stretch, { config, context, log })
        const written = await writeRows(join(folder, keptFile), { schema })(kept)
        return { in: stretch.scanned.tally.out, out: written.rows, rejected: log.rejected, failed: {} }
      } finally {
        log.close()
      }
    },
  }
}

type Setting = { config: DedupConfig; context: TaskContext; log: RejectLog }

async function* rowsThatStay(
  source: AsyncIterable<readonly Columns[]>,
  { first, rows }: Stretch,
  { config, context, log }: Setting,
): AsyncGenerator<Columns[]> {
  const idOf = rowIds(context, config)
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
        } else if (textFault(values[config.textColumn]) === undefined) staying.push(values)
        row++
      }
      context.progress(batch.length)
      if (staying.length > 0) yield staying
    }
  } finally {
    await decisions.return(undefined)
  }
}
