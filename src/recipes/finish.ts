import { createReadStream } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { arrowBytes, cardFeatures } from '../formats/features.js'
import { type Columns, type Schema, writeRows } from '../formats/index.js'
import { type CardTable, datasetCard } from '../report/card.js'
import { chainTallies, checkTally, emptyTally, mergeTallies, type Tally, total } from '../run/tally.js'
import { type Pass, type RunView, reduceTask, type TaskContext } from '../run/types.js'
import { SluiceError } from '../stream/errors.js'
import { map } from '../stream/map.js'
import { pipe } from '../stream/pipe.js'
import { countCommitted, readCommitted } from './artifacts.js'

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
  /** Further tables for the card. */
  tables?: (run: RunView) => Promise<readonly CardTable[]>
}

/** A row of rejects.parquet: who left, where and why. */
export const rejectSchema: Schema = {
  id: 'string',
  outcome: 'string',
  stage: 'string',
  reason: 'string',
  detail: 'string',
  attempts: 'int32',
  status: 'int32',
}

/** The last pass of every recipe: output shards, rejects, card; and the accounting must close. */
export function finishPass(options: FinishOptions): Pass {
  return {
    name: 'finish',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const tally = runTally(context, options.chains)
      const schema = await options.schema(context)
      const written = await writeShards(context, options, schema)
      const rejects = await writeRows(join(context.folder, 'rejects.parquet'), { schema: rejectSchema })(
        lostRows(context, options),
      )
      requireAll(tally, { out: written.rows, listed: rejects.rows })
      const card = datasetCard({
        summary: options.summary,
        recipe: context.plan.recipe,
        config: publicSettings(context.plan.config),
        features: cardFeatures(schema),
        ...written,
        sources: context.plan.shards,
        accounting: accountingLines(tally),
        tables: await options.tables?.(context),
      })
      await writeFile(join(context.folder, 'README.md'), card)
      return tally
    },
  }
}

/** What became of every row of the run, over all its chains: in + added = out + rejected + failed. */
export function runTally(run: RunView, chains: FinishOptions['chains']): Tally {
  const passTally = (pass: string) =>
    run
      .committed(pass)
      .map((done) => done.tally)
      .reduce(mergeTallies, emptyTally)
  const joined = chains.map(([first, ...rest]) =>
    rest.reduce((sum, pass) => chainTallies(sum, passTally(pass), pass), passTally(first!)),
  )
  return checkTally(joined.reduce(mergeTallies, emptyTally), 'the run')
}

/** Settings as they may be published: without addresses, and files of this machine by their name alone. */
function publicSettings(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const settings: Record<string, unknown> = { ...config }
  delete settings.endpoint
  delete settings.embedderEndpoint
  for (const [key, value] of Object.entries(settings)) {
    if (key === 'seedData' || key === 'prompts') settings[key] = basename(String(value))
    if (key === 'model') settings[key] = String(value).replace(/^gguf:.*/, (path) => `gguf:${basename(path)}`)
  }
  return settings
}

/** A tally as lines to show: `['rows read', 5812]`, …, `['rows written', 200]`. */
export function accountingLines(tally: Tally): [string, number][] {
  const group = (title: string, counts: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => [`${title}, ${reason}`, count])
  return [
    ['rows in', tally.in],
    ...group('added', tally.added ?? {}),
    ...group('rejected', tally.rejected),
    ...group('failed', tally.failed),
    ['rows out', tally.out],
    ['unaccounted for', tally.in + total(tally.added ?? {}) - tally.out - total(tally.rejected) - total(tally.failed)],
  ]
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

/** The tallies are what passes said; these are the rows that lie in the files. Rows merely not chosen are not listed. */
function requireAll(tally: Tally, { out, listed }: { out: number; listed: number }): void {
  const lost = total(tally.rejected) + total(tally.failed) - (tally.rejected['choose: not chosen'] ?? 0)
  if (out === tally.out && listed === lost) return
  throw new SluiceError(
    'E_ACCOUNTING',
    70,
    `${out} of ${tally.out} rows were written, ${listed} of ${lost} lost ones listed`,
    {
      fix: 'This is a bug in sluice: please report it with the command you ran.',
    },
  )
}

/** Every lost row, from the JSONL that each task left. */
async function* lostRows(run: RunView, { chains }: FinishOptions): AsyncGenerator<Columns[]> {
  for (const { folder } of chains.flat().flatMap((pass) => run.committed(pass))) {
    const path = join(folder, 'lost.jsonl')
    if (!(await stat(path).catch(() => undefined))) continue
    let batch: Columns[] = []
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      batch.push({ detail: null, attempts: null, status: null, ...JSON.parse(line) })
      if (batch.length < 1024) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }
}
