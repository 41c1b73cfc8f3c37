import { join } from 'node:path'
import { openEmbedder } from '../../embed/index.js'
import { documentOf } from '../../filters/document.js'
import { findShards, writeRows } from '../../formats/index.js'
import { openShards } from '../../formats/shards.js'
import { curate } from '../curate.js'
import { openFamilies } from '../filter/judge.js'
import { filterOptions } from '../filter/options.js'
import { textOf } from '../pass/conversation.js'
import { textFault } from '../select/corpus.js'
import type { Resources } from '../types.js'
import { type Clocked, type Cost, clocked, costSince, costSoFar } from './clock.js'

/** What is measured, in the order in which rows go through it. */
export const stageNames = ['read', 'filter', 'embed', 'write', 'select'] as const
export type StageName = (typeof stageNames)[number]

export type StageRequest = {
  readonly stage: StageName
  readonly inputs: readonly string[]
  readonly textColumn: string
  /** Most rows, and most seconds until no more are taken. */
  readonly rows?: number | undefined
  readonly seconds: number
  /** Families of rules that `filter` asks. */
  readonly rules: string
  /** Rows that `select` chooses. */
  readonly select: number
  /** A folder to write into: `write` leaves its rows there, and `select` takes them. */
  readonly folder: string
  readonly reading: Resources['reading']
}

/** What a stage did and took, beyond fetching its rows; `bytes` are of the texts alone. */
export type StageCost = Cost & {
  readonly stage: StageName
  readonly rows: number
  readonly bytes: number
  /** Of the whole process that did nothing else, reading included. */
  readonly peakBytes: number
}

/** Runs one stage in this process and tells what it took; a process that has done others before has their peak memory too. */
export async function measureStage(request: StageRequest): Promise<StageCost> {
  const { stage } = request
  const cost = await stages[stage](request)
  return { stage, ...cost, peakBytes: process.resourceUsage().maxRSS * 1024 }
}

type Measured = Omit<StageCost, 'stage' | 'peakBytes'>

const stages: Readonly<Record<StageName, (request: StageRequest) => Promise<Measured>>> = {
  async read(request) {
    const { rows, seen } = await openTexts(request)
    for await (const _ of rows);
    return seen()
  },
  async filter(request) {
    const config = filterOptions.parse({ textColumn: request.textColumn, rules: request.rules })
    const families = await openFamilies(config, new AbortController().signal)
    return perBatch(await openTexts(request), request, async (texts) => {
      for (const text of texts) {
        const doc = documentOf(text)
        families.some(({ judge }) => judge(doc) !== undefined)
      }
    })
  },
  async embed(request) {
    const embedder = await openEmbedder()
    return perBatch(await openTexts(request), request, async (texts) => {
      await embedder.embed(texts)
    })
  },
  async write(request) {
    const shards = await findShards(request.inputs)
    const open = await openShards(shards, request.reading)
    const { rows, seen } = clocked(open.read(), request.textColumn, request)
    const began = costSoFar()
    await writeRows(samplePath(request), { schema: open.schema() })(rows)
    return without(seen, costSince(began))
  },
  async select(request) {
    const config = { textColumn: request.textColumn, select: request.select }
    const began = costSoFar()
    await curate({ recipe: 'select', inputs: [samplePath(request)], out: join(request.folder, 'run'), config })
    const cost = costSince(began)
    // Counted afterwards, and not part of the cost.
    const { rows, seen } = await openTexts({ ...request, inputs: [samplePath(request)], seconds: Infinity })
    for await (const _ of rows);
    return { ...seen(), ...cost }
  },
}

function samplePath({ folder }: StageRequest): string {
  return join(folder, 'sample.parquet')
}

/** The text column alone. */
async function openTexts(request: StageRequest): Promise<Clocked> {
  const { inputs, textColumn, reading } = request
  const { read } = await openShards(await findShards(inputs), { columns: [textColumn], ...reading })
  return clocked(read(), textColumn, request)
}

/** Hands the texts of each batch to `work`, and tells what that took. */
async function perBatch(
  { rows, seen }: Clocked,
  { textColumn }: StageRequest,
  work: (texts: string[]) => Promise<void>,
): Promise<Measured> {
  const began = costSoFar()
  for await (const batch of rows) {
    await work(batch.map((row) => textOf(row[textColumn])).filter((text) => textFault(text) === undefined) as string[])
  }
  return without(seen, costSince(began))
}

/** A stage's own share: all that was spent but for fetching the rows. */
function without(seen: Clocked['seen'], { seconds, cpuSeconds }: Cost): Measured {
  const fetched = seen()
  return {
    rows: fetched.rows,
    bytes: fetched.bytes,
    seconds: Math.max(0, seconds - fetched.seconds),
    cpuSeconds: Math.max(0, cpuSeconds - fetched.cpuSeconds),
  }
}
