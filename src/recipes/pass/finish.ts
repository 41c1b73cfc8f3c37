import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { arrowBytes, cardFeatures } from '../../formats/features.js'
import { type Columns, type Schema, writeRows } from '../../formats/index.js'
import { type CardTable, datasetCard } from '../../report/card.js'
import { type Pass, type RunView, reduceTask, type TaskContext } from '../../run/types.js'
import { map } from '../../stream/map.js'
import { pipe } from '../../stream/pipe.js'
import { callsTable } from '../forecast/calls-table.js'
import type { CallPlan, Resources } from '../types.js'
import { accountingLines, requireAll, runTally } from './accounting.js'
import { countCommitted, readCommitted } from './artifacts.js'
import { badShardReason } from './bad-shards.js'
import { lostRows, rejectSchema } from './lost-rows.js'

/** Rows of an output shard; the last one holds the rest. */
const shardRows = 100_000

export type FinishOptions = {
  /** One line on what the rows are, for the card. */
  summary: string
  /** The passes whose rows make up the output, one after another, and the file each left them in. */
  rows: { passes: readonly string[]; file: string }
  schema: (run: RunView) => Promise<Schema>
  /**
   * The passes that rows go through, in order: one chain for those of the corpus, one for each other door by which rows
   * enter, such as seed data. The tallies of a chain must join end to end.
   */
  chains: readonly (readonly string[])[]
  /** What the recipe asked its model, for the card to show beside what was answered. */
  calls?: CallPlan
  /** How the corpus is read when that is counted again. */
  reading?: Resources['reading']
  /** Further tables for the card. */
  tables?: (run: RunView) => Promise<readonly CardTable[]>
}

/** The last pass of every recipe: output shards, rejects, card; and the accounting must close. */
export function finishPass(options: FinishOptions): Pass {
  return {
    name: 'finish',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const tally = runTally(context, options.chains)
      const passes = options.chains.flat()
      const schema = await options.schema(context)
      const written = await writeShards(context, options, schema)
      const listed = { rows: 0, badShards: [] as string[] }
      const rejects = pipe(
        lostRows(context, passes),
        map((lost) => {
          listed.rows += Number(lost.rows)
          if (lost.reason === badShardReason) listed.badShards.push(String(lost.detail))
          return lost
        }),
      )
      await writeRows(join(context.folder, 'rejects.parquet'), { schema: rejectSchema })(rejects)
      requireAll(tally, { out: written.rows, listed: listed.rows })
      const card = datasetCard({
        summary: options.summary,
        recipe: context.plan.recipe,
        config: publicSettings(context.plan.config),
        features: cardFeatures(schema),
        ...written,
        sources: context.plan.shards,
        accounting: accountingLines(tally),
        tables: await cardTables(context, options, passes),
        badShards: listed.badShards,
      })
      await writeFile(join(context.folder, 'README.md'), card)
      return tally
    },
  }
}

async function cardTables(
  context: TaskContext,
  { calls, tables, reading }: FinishOptions,
  passes: readonly string[],
): Promise<CardTable[]> {
  const asked = calls ? [await callsTable(context, calls, { passes, reading })] : []
  return [...((await tables?.(context)) ?? []), ...asked]
}

/** Settings as they may be published: without addresses, and files of this machine by their name alone. */
function publicSettings(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const settings: Record<string, unknown> = { ...config }
  delete settings.endpoint
  delete settings.embedderEndpoint
  for (const [key, value] of Object.entries(settings)) {
    if (key === 'seedData' || key === 'prompts') settings[key] = basename(String(value))
    if (key === 'embedder')
      settings[key] = String(value).replace(/^onnx:([^?]*)/, (_, path) => `onnx:${basename(path)}`)
    if (key === 'model')
      settings[key] = String(value).replace(/^(gguf|replay):(.*)/, (_, kind, path) => `${kind}:${basename(path)}`)
  }
  return settings
}

type Written = { rows: number; bytes: number; arrowBytes: number }

async function writeShards(context: TaskContext, { rows }: FinishOptions, schema: Schema): Promise<Written> {
  const folder = join(context.folder, 'data')
  await mkdir(folder)
  const shards = Math.max(1, Math.ceil(countCommitted(context, rows.passes) / shardRows))
  const number = (n: number) => String(n).padStart(5, '0')
  let [count, bytes, memory] = [0, 0, 0]
  const weigh = map((row: Columns) => {
    memory += arrowBytes({ struct: schema }, row)
    return row
  })
  for (let shard = 0; shard < shards; shard++) {
    const range = { start: shard * shardRows, end: (shard + 1) * shardRows }
    const path = join(folder, `train-${number(shard)}-of-${number(shards)}.parquet`)
    const source = readCommitted<Columns>(context, { ...rows, range, signal: context.signal })
    const written = await pipe(source, weigh, writeRows(path, { schema }))
    context.progress(written.rows)
    count += written.rows
    bytes += written.bytes
  }
  return { rows: count, bytes, arrowBytes: Math.ceil(memory) }
}
