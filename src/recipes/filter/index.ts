import { join } from 'node:path'
import { c4 } from '../../filters/c4.js'
import { documentOf } from '../../filters/document.js'
import { checkColumns } from '../../formats/columns.js'
import { type Columns, readShard, writeRows } from '../../formats/index.js'
import { leavingBad } from '../../formats/shards.js'
import { openRejectLog, type RejectLog } from '../../run/reject-log.js'
import type { Pass, PlannedShard } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { textOf } from '../pass/conversation.js'
import { finishPass } from '../pass/finish.js'
import { schemaOfPass } from '../pass/pass-schema.js'
import { shardSchema } from '../pass/shard-schema.js'
import { shardTasks } from '../pass/tasks.js'
import { rowId, textFault } from '../select/corpus.js'
import type { Recipe, Resources } from '../types.js'
import { explainRules } from './explain.js'
import { type NamedFamily, openFamilies } from './judge.js'
import { type FilterConfig, filterOptions } from './options.js'

/** A corpus without the rows that rules of the field throw out, each with the rule that did. */
export const filterRecipe: Recipe<FilterConfig> = {
  name: 'filter',
  summary: 'a corpus without what published rules throw out, each row with the reason; no model',
  usesModel: false,
  options: filterOptions,
  fileOptions: ['testData'],
  explain: explainRules,
  passes: (config, resources) => [
    filterPass(config, resources),
    finishPass({
      summary: 'The rows of a corpus that pass published quality rules, every column as it was.',
      rows: { passes: ['filter'], file: keptFile },
      schema: (run) => schemaOfPass(run, 'filter', keptFile),
      chains: [['filter']],
    }),
  ],
}

const keptFile = 'rows.parquet'

/** Reads every row once, and writes it or its reason. */
function filterPass(config: FilterConfig, resources: Resources): Pass {
  const { reading } = resources
  return {
    name: 'filter',
    apart: true,
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, context) {
      const { plan, folder, signal, progress } = context
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const families = await openFamilies(config, signal)
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      const start = rows?.start ?? 0
      let read = 0
      async function* kept(): AsyncGenerator<Columns[]> {
        for await (const batch of leavingBad(shard, readShard(shard, { ...reading, rows, signal }), { start, onBad })) {
          const staying = batch.flatMap((row, at) => judgeRow(row, start + read + at, { shard, config, families, log }))
          read += batch.length
          progress(batch.length)
          if (staying.length > 0) yield staying
        }
      }
      return closing(log, async () => {
        const schema = await shardSchema(shard, context, { reading, onBad })
        const present = Object.keys(schema ?? {})
        // An empty file of a format without columns of its own has none, and no row that lacks one.
        if (present.length > 0) checkColumns(shard.name, [config.textColumn], present)
        const written = await writeRows(join(folder, keptFile), { schema })(kept())
        const left = await leaveRest()
        return { in: read + left, out: written.rows, rejected: log.rejected, failed: {} }
      })
    },
  }
}

type Setting = { shard: PlannedShard; config: FilterConfig; families: readonly NamedFamily[]; log: RejectLog }

/** The row as it is written, or nothing where a rule throws it out. */
function judgeRow(row: Columns, at: number, { shard, config, families, log }: Setting): Columns[] {
  const { textColumn, idColumn, c4Lines } = config
  const id = rowId(shard, at, idColumn && row[idColumn])
  const text = textOf(row[textColumn])
  const fault = textFault(text)
  if (fault !== undefined) {
    log.reject({ id, stage: 'read', reason: fault })
    return []
  }
  const doc = documentOf(text as string)
  for (const { name, judge } of families) {
    const verdict = judge(doc)
    if (verdict === undefined) continue
    log.reject({ id, stage: name, ...(typeof verdict === 'string' ? { reason: verdict } : verdict) })
    return []
  }
  // What was said in a conversation stays as it is.
  if (!c4Lines || typeof row[textColumn] !== 'string') return [row]
  const trimmed = c4(doc)
  return [{ ...row, [textColumn]: 'text' in trimmed ? trimmed.text : text }]
}
