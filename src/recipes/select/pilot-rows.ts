import type { Plan } from '../../run/types.js'
import { createPrioritySample } from '../../select/priority-sample.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches } from '../../stream/types.js'
import { uniform } from '../../text/hash.js'
import { onBadAgain } from '../pass/bad-shards.js'
import type { Resources } from '../types.js'
import { openShardEmbedder } from '../vectors/shard-embedder.js'
import type { ShardEmbedder, ShardPlace } from '../vectors/types.js'
import { type JudgeText, readTexts, type TextRow } from './corpus.js'
import type { SelectionConfig } from './options.js'

/** Kept rows a pilot looks at. */
const pilotRows = 8192
/** Shards it looks into, spread evenly; and rows it reads of one for each row it wants, before it gives up. */
const pilotShards = 64
const patience = 8

/** Rows with their embeddings, row-major; any number from the first up are a fair sample of them. */
export type PilotRows = { readonly ids: readonly string[]; readonly vectors: Float32Array }

export type LookOptions = {
  plan: Plan
  config: SelectionConfig
  judge: JudgeText | undefined
  resources: Resources
  dimensions: number
  signal: AbortSignal
  /** Told of rows that were looked at. */
  progress(rows: number): void
  warn(text: string): void
}

type Embedded = { ids: string[]; vectors: Float32Array[] }

/**
 * The kept rows whose ids have the least hash, in order of hash: a function of ids and texts, however they lie in shards.
 * Reads the whole corpus, and embeds a row only while it is among the least so far.
 */
export async function leastHashedRows({
  plan,
  config,
  judge,
  resources,
  dimensions,
  signal,
  progress,
  warn,
}: LookOptions): Promise<PilotRows> {
  const { reading } = resources
  const sample = createPrioritySample(pilotRows, dimensions)
  // The scan counts the rejects and tells of bad shards; here they only do not help.
  const onlyLook = { signal, reading, onReject: () => {}, onBad: onBadAgain(config) }
  const priority = (id: string) => 1 / uniform(config.seed, id, 'pilot')
  for (const shard of plan.shards) {
    await withShardEmbedder(resources, { ...config, shard, warn }, async (embedder) => {
      for await (const batch of readTexts(shard, config, onlyLook)) {
        const rows = batch.filter(({ id, text }) => sample.wants(id, priority(id)) && judge?.(text) === undefined)
        const embedded = await embedRows(rows, embedder, signal)
        for (const [n, { id }] of rows.entries()) sample.offer(id, priority(id), 0, embedded, n)
        progress(batch.length)
      }
    })
  }
  const { ids, priorities, vectors } = sample.rows()
  const repeated = ids.find((id, n) => id === ids[n - 1])
  if (repeated !== undefined) warn(repeatedNote(repeated, config.idColumn))
  const order = [...ids.keys()].sort((a, b) => priorities[b]! - priorities[a]!)
  const inOrder: Embedded = {
    ids: order.map((row) => ids[row]!),
    vectors: order.map((row) => vectors.subarray(row * dimensions, (row + 1) * dimensions)),
  }
  return toMatrix(inOrder, dimensions)
}

/** Told before the corpus is embedded: rows of the least hash are where ids that many rows have in common come together. */
function repeatedNote(id: string, idColumn: string | undefined): string {
  const what = `the id ${JSON.stringify(id)} of column \`${idColumn}\` belongs to more than one row`
  return `${what}, and a selection that takes two such rows is refused; --id-column names a column of unique values`
}

/** Ids and vectors of the first kept rows, dealt out: the first of each shard, then the second of each, and so on. */
export async function firstKeptRows({
  plan,
  config,
  judge,
  resources,
  dimensions,
  signal,
  progress,
  warn,
}: LookOptions): Promise<PilotRows> {
  const every = Math.max(1, Math.ceil(plan.shards.length / pilotShards))
  const shards = plan.shards.filter((_, index) => index % every === 0)
  const wanted = Math.ceil(pilotRows / shards.length)
  const found: Embedded[] = []
  for (const shard of shards) {
    const rows = { start: 0, end: patience * wanted }
    // The scan counts the rejects and tells of bad shards; here they only do not help.
    const texts = readTexts(shard, config, {
      rows,
      signal,
      reading: resources.reading,
      onReject: () => {},
      onBad: onBadAgain(config),
    })
    const kept = keep<TextRow>(
      'select',
      (row) => judge?.(row.text),
      () => {},
    )
    await withShardEmbedder(resources, { ...config, shard, rows, warn }, async (embedder) => {
      found.push(await embedSome(pipe(texts, kept), wanted, embedder, signal))
    })
  }
  const dealt: Embedded = { ids: [], vectors: [] }
  for (let turn = 0; turn < wanted; turn++) {
    for (const { ids, vectors } of found) {
      if (turn >= ids.length) continue
      dealt.ids.push(ids[turn]!)
      dealt.vectors.push(vectors[turn]!)
    }
  }
  progress(dealt.ids.length)
  return toMatrix(dealt, dimensions)
}

async function withShardEmbedder(
  resources: Resources,
  place: ShardPlace,
  use: (embedder: ShardEmbedder) => Promise<void>,
): Promise<void> {
  const embedder = await openShardEmbedder(resources, place)
  try {
    await use(embedder)
  } finally {
    await embedder.close()
  }
}

function embedRows(rows: readonly TextRow[], embedder: ShardEmbedder, signal: AbortSignal): Promise<Float32Array> {
  const numbers = rows.map(({ row }) => row)
  return embedder.embed(
    numbers,
    rows.map(({ text }) => text),
    { signal },
  )
}

/** Embeds the first `wanted` rows; texts are let go of batch by batch. */
async function embedSome(
  source: Batches<TextRow>,
  wanted: number,
  embedder: ShardEmbedder,
  signal: AbortSignal,
): Promise<Embedded> {
  const { dimensions } = embedder
  const some: Embedded = { ids: [], vectors: [] }
  for await (const batch of source) {
    const rows = batch.slice(0, wanted - some.ids.length)
    const embedded = await embedRows(rows, embedder, signal)
    for (const [n, { id }] of rows.entries()) {
      some.ids.push(id)
      some.vectors.push(embedded.subarray(n * dimensions, (n + 1) * dimensions))
    }
    if (some.ids.length >= wanted) break
  }
  return some
}

/** Rows as one matrix. With no row at all a zero vector stands in: every sensitivity is then the same. */
function toMatrix({ ids, vectors }: Embedded, dimensions: number): PilotRows {
  if (ids.length === 0) return { ids: [''], vectors: new Float32Array(dimensions) }
  const matrix = new Float32Array(ids.length * dimensions)
  for (const [n, vector] of vectors.entries()) matrix.set(vector, n * dimensions)
  return { ids, vectors: matrix }
}
