import { join } from 'node:path'
import { openEmbedder } from '../embed/index.js'
import { roundedEmbedder } from '../embed/quantize.js'
import { type Columns, findShards, readShard } from '../formats/index.js'
import { readShards } from '../formats/shards.js'
import { openJournal } from '../models/journal.js'
import type { Plan, RunView } from '../run/types.js'
import { closing } from '../stream/closing.js'
import { SluiceError, UsageError } from '../stream/errors.js'
import { type EndpointKeys, embedderKey } from './embedder-key.js'
import { openRun } from './open-run.js'
import { type Entered, enteredAs } from './pass/entered.js'
import { lostRows } from './pass/lost-rows.js'
import type { DuplicateFacts, RuleFacts } from './pass/row-facts.js'
import { textsOf } from './plan-run.js'
import { type Asked, repliesOf } from './replies-of.js'
import { type Choice, findChoice } from './select/explain.js'
import { type EmbedderSettings, precisionOf } from './select/options.js'
import type { Recipe, Resources } from './types.js'

/** Everything that a run's folder tells of a row. */
export type Explanation = {
  /** The row of the corpus, or whatever else the id began as. */
  readonly id: string
  readonly source?: { readonly shard: string; readonly path: string; readonly row: number; readonly columns?: Columns }
  /** How a selection dealt with it. */
  readonly choice?: Choice
  /** How a deduplication dealt with it. */
  readonly duplicates?: DuplicateFacts
  /** What each rule of a filter says of it. */
  readonly rules?: readonly RuleFacts[]
  /** Where it, or a row made of it, left the run. */
  readonly lost: readonly Columns[]
  readonly asked: readonly Asked[]
  /** The rows of the result that were made of it. */
  readonly rows: readonly Columns[]
}

export type ExplainOptions = Pick<EndpointKeys, 'embedderApiKeyEnv' | 'embedderApiKeyFile'> & {
  journal?: string | undefined
  signal?: AbortSignal
}

/**
 * Tells where a row came from, what was decided about it, what the model was asked and said, and what became of it; `id`
 * is that of a row of the corpus, of the result or of the rejects. An id the run knows nothing of is a UsageError.
 */
export async function explainRow(
  out: string,
  id: string,
  { journal: folder, signal = new AbortController().signal, ...keys }: ExplainOptions = {},
): Promise<Explanation> {
  const run = await openRun(out)
  const { plan, paths, recipe, passes, ledger } = run
  const view = { plan, committed: ledger.committed }
  const { id: root, isOf } = await rowOf(view, id, recipe)
  const names = passes.map(({ name }) => name)
  const choice = names.includes('choose') ? await findChoice(view, root) : undefined
  const facts = await recipe.explain?.(view, root, signal)
  const lost: Columns[] = []
  for await (const batch of lostRows(view, names)) lost.push(...batch.filter((row) => isOf(row.id)))
  const rows = await resultRows(join(paths.out, 'data'), isOf)
  const journal = await openJournal(folder ?? paths.journal)
  return closing(journal, async () => {
    const texts = await textsOf(recipe, plan.config)
    const asked = recipe.usesModel
      ? await repliesOf(out, { journal, isWanted: isOf, resources: embedding(plan, keys), texts, signal })
      : []
    const source = await sourceOf(plan, root, choice ?? facts)
    if (!choice && !facts && lost.length + rows.length + asked.length === 0) throw unknownRow(out, id)
    const { duplicates, rules } = facts ?? {}
    return {
      id: root,
      ...(source && { source }),
      ...(choice && { choice }),
      ...(duplicates && { duplicates }),
      ...(rules && { rules }),
      ...{ lost, asked, rows },
    }
  })
}

/** The index of a row's shard in the plan, and its number in there. */
type Place = { readonly shard: number; readonly row: number }

/** The row that an id is of: the id without what was appended for rows made of it. */
async function rowOf(run: RunView, id: string, { usesModel }: Recipe): Promise<Entered> {
  const entered = usesModel && run.plan.config.idColumn !== undefined ? await enteredAs(run, id) : undefined
  if (entered !== undefined) return entered
  // Of rows that no model made anything of ids stand as they are.
  const root = usesModel ? (/^(.*#\d+)(?:\/[^#]*)?$/s.exec(id)?.[1] ?? id.replace(/\/\d+$/, '')) : id
  return { id: root, isOf: (other) => other === root || String(other).startsWith(`${root}/`) }
}

async function sourceOf(plan: Plan, id: string, place: Place | undefined): Promise<Explanation['source']> {
  const [, name, number] = /^(.*)#(\d+)$/s.exec(id) ?? []
  const shard = place ? plan.shards[place.shard] : plan.shards.find((each) => each.name === name)
  const row = place?.row ?? Number(number)
  if (shard === undefined || !Number.isSafeInteger(row)) return undefined
  const columns = await readOne(shard, row, plan.reading).catch((error) => {
    // The corpus may be gone by now; what the run keeps is told all the same.
    if (error instanceof SluiceError) return undefined
    throw error
  })
  return { shard: shard.name, path: shard.path, row, ...(columns && { columns }) }
}

async function readOne(
  shard: Plan['shards'][number],
  row: number,
  reading: Plan['reading'],
): Promise<Columns | undefined> {
  for await (const [found] of readShard(shard, { ...reading, rows: { start: row, end: row + 1 } })) return found
  return undefined
}

async function resultRows(folder: string, isWanted: (id: unknown) => boolean): Promise<Columns[]> {
  const shards = await findShards([folder]).catch(() => [])
  const found: Columns[] = []
  for await (const rows of readShards(shards)) found.push(...rows.filter((row) => isWanted(row.id ?? row.sluice_id)))
  return found
}

function embedding({ config, reading = {} }: Plan, keys: EndpointKeys): Resources {
  const settings = config as EmbedderSettings
  return {
    model: () => Promise.reject(new TypeError('Only the journal answers here')),
    embedder: async () => {
      const { embedder, embedderEndpoint: endpoint } = settings
      // The folder may be anyone's: its endpoint gets no key but one that is named for it, and that not in clear.
      const isNamed = keys.embedderApiKeyEnv !== undefined || keys.embedderApiKeyFile !== undefined
      const apiKey = isNamed ? embedderKey(config, keys) : undefined
      const options = { endpoint, apiKey, allowHttp: apiKey === undefined }
      return roundedEmbedder(await openEmbedder(embedder, options), precisionOf(settings))
    },
    concurrency: 8,
    reading,
  }
}

function unknownRow(out: string, id: string): UsageError {
  return new UsageError(`The run in ${out} knows no row ${JSON.stringify(id)}`, {
    fix: 'Take an id from the result or from rejects.parquet, such as corpus.parquet#17.',
  })
}
