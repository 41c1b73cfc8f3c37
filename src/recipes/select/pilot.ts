import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Embedder } from '../../embed/types.js'
import { applyWhitening, decodeWhitening, encodeWhitening, fitWhitening, type Whitening } from '../../embed/whiten.js'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type Plan, type RunView, reduceTask } from '../../run/types.js'
import { decodePilot, encodePilot, fitPilot, type Pilot } from '../../select/pilot.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import { readArtifact } from '../artifacts.js'
import type { Resources } from '../types.js'
import { type JudgeText, readTexts } from './corpus.js'
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
      const rows = await firstKeptRows(plan, config, judge, signal)
      progress(rows.length)
      const { ids, vectors } = await embedRows(rows, embedder, signal)
      const whitening = fitWhitening(vectors.subarray(0, whiteningRows * embedder.dimensions), embedder.dimensions)
      const pilot = fitPilot(applyWhitening(whitening, vectors), embedder.dimensions, { seed: config.seed, ids })
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

type PilotRow = { id: string; text: string }

async function firstKeptRows(
  plan: Plan,
  config: SelectionConfig,
  judge: JudgeText,
  signal: AbortSignal,
): Promise<PilotRow[]> {
  const every = Math.max(1, Math.ceil(plan.shards.length / pilotShards))
  const shards = plan.shards.filter((_, index) => index % every === 0)
  const wanted = Math.ceil(pilotRows / shards.length)
  const found: PilotRow[][] = []
  for (const shard of shards) {
    const kept: PilotRow[] = []
    // The scan counts the rejects; here they only do not help.
    const texts = readTexts(shard, config, { rows: { start: 0, end: patience * wanted }, signal, onReject: () => {} })
    const judged = keep<PilotRow>(
      'select',
      (row) => judge(row.text),
      () => {},
    )
    for await (const rows of pipe(texts, judged)) {
      kept.push(...rows)
      if (kept.length >= wanted) break
    }
    found.push(kept.slice(0, wanted))
  }
  return dealOut(found)
}

/** The first of each shard, then the second of each: so that the first thousand speak for all shards. */
function dealOut(found: PilotRow[][]): PilotRow[] {
  const rows: PilotRow[] = []
  const longest = Math.max(0, ...found.map((kept) => kept.length))
  for (let turn = 0; turn < longest; turn++) {
    for (const kept of found) if (turn < kept.length) rows.push(kept[turn]!)
  }
  return rows
}

async function embedRows(
  rows: readonly PilotRow[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<{ ids: string[]; vectors: Float32Array }> {
  // With no row at all a single zero vector stands in: every sensitivity is then the same, and nothing is sampled.
  if (rows.length === 0) return { ids: [''], vectors: new Float32Array(embedder.dimensions) }
  const vectors = new Float32Array(rows.length * embedder.dimensions)
  for (let at = 0; at < rows.length; at += 1024) {
    const texts = rows.slice(at, at + 1024).map((row) => row.text)
    vectors.set(await embedder.embed(texts, { signal }), at * embedder.dimensions)
  }
  return { ids: rows.map((row) => row.id), vectors }
}
