import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Embedder } from '../../embed/types.js'
import { applyWhitening, decodeWhitening, encodeWhitening, fitWhitening, type Whitening } from '../../embed/whiten.js'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type Plan, type RunView, reduceTask } from '../../run/types.js'
import { decodePilot, encodePilot, fitPilot, type Pilot } from '../../select/pilot.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches } from '../../stream/types.js'
import { readArtifact } from '../artifacts.js'
import { onBadAgain } from '../bad-shards.js'
import type { Resources } from '../types.js'
import { type JudgeText, readTexts, type TextRow } from './corpus.js'
import type { SelectionConfig } from './options.js'

/** Kept rows the sensitivities are estimated from, and of them the rows the whitening is fitted on. */
const pilotRows = 8192
const whiteningRows = 1000
/** Shards the pilot looks into, spread evenly; and rows it reads of one for each row it wants, before it gives up. */
const pilotShards = 64
const patience = 8

/** What the pilot pins for the whole run. */
export type Pinned = { whitening: Whitening; pilot: Pilot }

/**
 * Looks at the first kept rows of up to 64 shards and pins what every later pass must share: the whitening and the
 * pilot centres that the coreset's sensitivities refer to.
 */
export function pilotPass(config: SelectionConfig, resources: Resources, judge: JudgeText): Pass {
  return {
    name: 'pilot',
    tasks: async () => reduceTask,
    async work(_task, { plan, folder, signal, progress }) {
      const embedder = await resources.embedder()
      const { dimensions } = embedder
      const { ids, vectors } = toMatrix(
        await firstKeptRows({ plan, signal, reading: resources.reading }, config, judge, embedder),
        dimensions,
      )
      progress(ids.length)
      const whitening = fitWhitening(vectors.subarray(0, whiteningRows * dimensions), dimensions)
      const { seed } = config
      const pilot = await fitPilot(applyWhitening(whitening, vectors), dimensions, { seed, ids, signal })
      await writeFile(join(folder, 'whitening.bin'), encodeWhitening(whitening))
      await writeFile(join(folder, 'pilot.bin'), encodePilot(pilot))
      return emptyTally
    },
  }
}

/** Reads what the pilot pinned. */
export async function readPinned(run: RunView): Promise<Pinned> {
  return {
    whitening: decodeWhitening(await readArtifact(run, 'pilot', 'whitening.bin')),
    pilot: decodePilot(await readArtifact(run, 'pilot', 'pilot.bin')),
  }
}

type Embedded = { ids: string[]; vectors: Float32Array[] }

/** Ids and vectors of the first kept rows, dealt out: the first of each shard, then the second of each, and so on. */
async function firstKeptRows(
  { plan, signal, reading }: { plan: Plan; signal: AbortSignal; reading: Resources['reading'] },
  config: SelectionConfig,
  judge: JudgeText,
  embedder: Embedder,
): Promise<Embedded> {
  const every = Math.max(1, Math.ceil(plan.shards.length / pilotShards))
  const shards = plan.shards.filter((_, index) => index % every === 0)
  const wanted = Math.ceil(pilotRows / shards.length)
  const found: Embedded[] = []
  for (const shard of shards) {
    // The scan counts the rejects and tells of bad shards; here they only do not help.
    const texts = readTexts(shard, config, {
      ...{ rows: { start: 0, end: patience * wanted }, signal, reading },
      onReject: () => {},
      onBad: onBadAgain(config),
    })
    const kept = keep<TextRow>(
      'select',
      (row) => judge(row.text),
      () => {},
    )
    found.push(await embedSome(pipe(texts, kept), wanted, embedder, signal))
  }
  const dealt: Embedded = { ids: [], vectors: [] }
  for (let turn = 0; turn < wanted; turn++) {
    for (const { ids, vectors } of found) {
      if (turn >= ids.length) continue
      dealt.ids.push(ids[turn]!)
      dealt.vectors.push(vectors[turn]!)
    }
  }
  return dealt
}

/** Embeds the first `wanted` rows; texts are let go of batch by batch. */
async function embedSome(
  source: Batches<TextRow>,
  wanted: number,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Embedded> {
  const { dimensions } = embedder
  const some: Embedded = { ids: [], vectors: [] }
  for await (const batch of source) {
    const rows = batch.slice(0, wanted - some.ids.length)
    const embedded = await embedder.embed(
      rows.map((row) => row.text),
      { signal },
    )
    for (const [n, { id }] of rows.entries()) {
      some.ids.push(id)
      some.vectors.push(embedded.subarray(n * dimensions, (n + 1) * dimensions))
    }
    if (some.ids.length >= wanted) break
  }
  return some
}

/** Rows as one matrix. With no row at all a zero vector stands in: every sensitivity is then the same. */
function toMatrix({ ids, vectors }: Embedded, dimensions: number): { ids: string[]; vectors: Float32Array } {
  if (ids.length === 0) return { ids: [''], vectors: new Float32Array(dimensions) }
  const matrix = new Float32Array(ids.length * dimensions)
  for (const [n, vector] of vectors.entries()) matrix.set(vector, n * dimensions)
  return { ids, vectors: matrix }
}
