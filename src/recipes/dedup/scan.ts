import { join } from 'node:path'
import { openRejectLog, type RejectLog } from '../../run/reject-log.js'
import type { Tally } from '../../run/tally.js'
import type { Pass, Task, TaskContext } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { shardTasks } from '../pass/tasks.js'
import { readTexts, type TextRow } from '../select/corpus.js'
import type { Resources } from '../types.js'
import type { DedupConfig } from './options.js'
import { createIdFile, type IdFile } from './row-ids.js'

/** What a scan makes of its texts, in files of its task's folder; `local` is a row's place in the task. */
export type TextSpill = {
  push(rows: readonly TextRow[], localOf: (row: TextRow) => number): Promise<void>
  /** Closes the files; `rows` is how many there were, those without a text included. */
  finish(rows: number): Promise<void>
}

/** Reads every row once and spills what its text is compared by; a row without a text leaves. */
export function scanPass(
  config: DedupConfig,
  reading: Resources['reading'],
  begin: (task: Task, context: TaskContext) => Promise<TextSpill>,
): Pass {
  return {
    name: 'scan',
    apart: true,
    tasks: ({ plan }) => shardTasks(plan, config, { reading }),
    async work(task, context) {
      const log = openRejectLog(join(context.folder, 'lost.jsonl'))
      return closing(log, async () => {
        const spill = await begin(task, context)
        return await scan(task, context, { config, reading, spill, log })
      })
    },
  }
}

type Setting = { config: DedupConfig; reading: Resources['reading']; spill: TextSpill; log: RejectLog }

async function scan(task: Task, context: TaskContext, { config, reading, spill, log }: Setting): Promise<Tally> {
  const { plan, folder, signal, progress } = context
  const localOf = ({ row }: TextRow) => row - (task.rows?.start ?? 0)
  let [read, kept] = [0, 0]
  const onRows = (rows: number) => {
    read += rows
    progress(rows)
  }
  const shard = plan.shards[task.shard!]!
  const { rows: range } = task
  let ids: IdFile | undefined
  const { onBad, leaveRest } = watchBadShard(config, { shard, rows: range, log, reading })
  try {
    if (config.idColumn !== undefined) ids = await createIdFile(folder)
    const texts = readTexts(shard, config, { rows: range, signal, reading, onReject: log.reject, onRows, onBad })
    for await (const rows of texts) {
      await spill.push(rows, localOf)
      for (const row of ids ? rows : []) await ids!.push(localOf(row), row.id)
      kept += rows.length
    }
    // They have numbers like all others, and nothing to be compared by.
    read += await leaveRest()
  } finally {
    await spill.finish(read).finally(() => ids?.finish(read))
  }
  return { in: read, out: kept, rejected: log.rejected, failed: {} }
}
