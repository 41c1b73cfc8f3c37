import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { evenGroups } from '../../select/even-groups.js'
import { uniform } from '../../text/hash.js'
import { countCommitted, readArtifact, readRows } from '../pass/artifacts.js'
import type { Kept } from '../select/scan.js'
import { readCentroids } from '../select/solve.js'
import { readVectorFile, vectorsFile } from '../select/vector-file.js'
import { dealOf, type SelectLlmConfig } from './options.js'

// Items are the kept rows in corpus order, and behind them the first ones once more, as many as it takes to come out even.

/** Where an item stands: question, place in it, and distance from its centre. */
export type Place = { readonly question: number; readonly place: number; readonly distance: number }

const placeBytes = 16

/** Deals all kept rows out into questions, each row once, and the first ones twice where it does not come out even. */
export function groupPass(config: SelectLlmConfig): Pass {
  return {
    name: 'group',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const rows = countCommitted(context, ['scan'])
      const places =
        config.grouping === 'random' ? await shuffled(context, rows, config) : await clustered(context, rows, config)
      await writeFile(join(context.folder, 'places.bin'), places)
      return emptyTally
    },
  }
}

/** How many centres k-means looks for: one a place of a question, or one a question where it shows rows that are alike. */
export function centresOf(rows: number, config: SelectLlmConfig): number {
  const { questions, items } = dealOf(rows, config)
  return config.grouping === 'similar' ? questions : items
}

/**
 * Every centre gets an equal share of the rows. `diverse` (arXiv 2401.16553 §3.2): the p-th question takes the p-th member of
 * every centre, members in corpus order, so that a question holds one row of each. `similar`: a question is one centre's rows.
 */
async function clustered(
  run: RunView & { signal: AbortSignal },
  rows: number,
  config: SelectLlmConfig,
): Promise<Buffer> {
  const { questions, items } = dealOf(rows, config)
  const diverse = config.grouping === 'diverse'
  const { centroids, dimensions } = await readCentroids(run, 'refine')
  const size = diverse ? questions : items
  const groups = await evenGroups(() => vectors(run, dimensions), { centroids, dimensions, rows, size })
  const places = Buffer.alloc(groups.items.length * placeBytes)
  for (let centre = 0; centre < groups.items.length / size; centre++) {
    const members = Array.from({ length: size }, (_, at) => centre * size + at)
    if (diverse) members.sort((a, b) => groups.items[a]! - groups.items[b]!)
    for (const [rank, at] of members.entries()) {
      const [question, place] = diverse ? [rank, centre] : [centre, rank]
      writePlace(places, groups.items[at]!, { question, place, distance: groups.distances[at]! })
    }
  }
  return places
}

async function* vectors(run: RunView & { signal: AbortSignal }, dimensions: number): AsyncGenerator<Float32Array> {
  for (const { folder } of run.committed('scan')) {
    for await (const tile of readVectorFile(join(folder, vectorsFile), dimensions)) {
      run.signal.throwIfAborted()
      yield tile
    }
  }
}

/** The same rows, and the first ones again, in the order of a hash, cut into questions. */
async function shuffled(run: RunView, rows: number, config: SelectLlmConfig): Promise<Buffer> {
  const { questions, items } = dealOf(rows, config)
  const lots = new Float64Array(questions * items)
  let row = 0
  for await (const id of keptIds(run)) {
    if (row + rows < lots.length) lots[row + rows] = uniform(config.seed, id, 'group again')
    lots[row++] = uniform(config.seed, id, 'group')
  }
  const places = Buffer.alloc(lots.length * placeBytes)
  for (const [at, item] of Uint32Array.from(lots.keys())
    .sort((a, b) => lots[a]! - lots[b]! || a - b)
    .entries()) {
    writePlace(places, item, { question: Math.floor(at / items), place: at % items, distance: 0 })
  }
  return places
}

async function* keptIds(run: RunView): AsyncGenerator<string> {
  for (const { folder } of run.committed('scan')) {
    for await (const batch of readRows<Kept>(join(folder, 'kept.parquet'))) for (const { id } of batch) yield id
  }
}

function writePlace(places: Buffer, item: number, { question, place, distance }: Place): void {
  places.writeUInt32LE(question, item * placeBytes)
  places.writeUInt32LE(place, item * placeBytes + 4)
  places.writeDoubleLE(distance, item * placeBytes + 8)
}

/** Where a row stands, by its number among all kept rows: one place or two. */
export async function readPlaces(run: RunView): Promise<(row: number) => Place[]> {
  const places = await readArtifact(run, 'group', 'places.bin')
  const rows = countCommitted(run, ['scan'])
  const read = (item: number): Place => ({
    question: places.readUInt32LE(item * placeBytes),
    place: places.readUInt32LE(item * placeBytes + 4),
    distance: places.readDoubleLE(item * placeBytes + 8),
  })
  const pool = places.length / placeBytes
  return (row) => (row + rows < pool ? [read(row), read(row + rows)] : [read(row)])
}
