import { type Columns, type ReadOptions, readShard } from '../../formats/index.js'
import { describeUnlessBad, leavingBad } from '../../formats/shards.js'
import type { Plan, PlannedShard } from '../../run/types.js'
import type { Row } from '../../stream/types.js'
import { uniform } from '../../text/hash.js'
import { onBadAgain } from '../pass/bad-shards.js'
import { textOf } from '../pass/conversation.js'
import type { AskedRows, Estimate, Resources } from '../types.js'
import { type JudgeText, numberOf, rowId } from './corpus.js'
import type { ChosenText } from './fetch.js'
import type { SelectionConfig } from './options.js'
import { strategies } from './strategies/index.js'

/** Rows looked at in all, shards they come from at most, and blocks of a shard. */
const sampleRows = 4096
const sampleShards = 64
const sampleBlocks = 4

export type SampleOptions = {
  judge: JudgeText
  titleColumn?: string | undefined
  /** Columns that a shard may lack. */
  optional?: readonly string[]
  signal: AbortSignal
  reading?: Resources['reading'] | undefined
}

/** What foretelling a selection reads of its settings; a recipe that names no strategy has none of the last two. */
type ForetoldConfig = Pick<SelectionConfig, 'textColumn' | 'select' | 'seed' | 'onBadShard'> & {
  readonly by?: keyof typeof strategies
  readonly scoreColumn?: string | undefined
}

/**
 * Foretells what the selection will choose, from blocks of rows spread over the shards: how many there are, how many the
 * judge keeps and have the score that the strategy asks for, how many are chosen, and what those look like. A strategy that
 * may end early chooses one row at least.
 */
export async function foretellSelection(
  plan: Plan,
  config: ForetoldConfig,
  { judge, titleColumn, optional, signal, reading }: SampleOptions,
): Promise<AskedRows & { readonly sample: readonly ChosenText[] }> {
  const { textColumn, scoreColumn, by } = config
  const { steps, sample } = await foretellRows(plan, config, {
    ...{ signal, reading },
    columns: async () => {
      const named = [textColumn, titleColumn, scoreColumn]
      return { columns: [...new Set(named)].filter((column) => column !== undefined), optional }
    },
    look: (values, id) => {
      const text = textOf(values[textColumn])
      if (typeof text !== 'string') return { bytes: 0 }
      const bytes = Buffer.byteLength(text)
      const hasScore = scoreColumn === undefined || Number.isFinite(numberOf(values[scoreColumn]))
      if (!hasScore || text.trim() === '' || judge(text) !== undefined) return { bytes }
      const title = titleColumn === undefined ? null : values[titleColumn]
      return { bytes, row: { id, text, title: typeof title === 'string' ? title : null, cluster: 0, distance: 0 } }
    },
  })
  const embeds = by === undefined || strategies[by].vectors !== 'none'
  const embedded = embeds
    ? { texts: steps[1]![1], sample: sample.map(({ text }) => text) }
    : { texts: certain(0), sample: [] }
  const foretold = { sample, embedded }
  if (by === undefined || strategies[by].mayEndEarly !== true) return { steps, ...foretold }
  const [name, chosen] = steps.at(-1)!
  return { steps: [...steps.slice(0, -1), [name, { ...chosen, low: Math.min(1, chosen.low) }]], ...foretold }
}

/** How rows are looked at: which columns of a shard, how many bytes a row holds in them, and what it is if it stays. */
export type RowLook<R> = Pick<SampleOptions, 'signal' | 'reading'> & {
  columns(shard: PlannedShard): Promise<Pick<ReadOptions, 'columns' | 'optional'>>
  look(values: Columns, id: string, shard: PlannedShard): { readonly bytes: number; readonly row?: R }
}

/**
 * Foretells how many rows there are, stay and are chosen, from blocks of rows spread over the shards. All of it is certain
 * where every row was looked at, and the number of chosen rows also where there are clearly more that stay. Reads the first
 * rows only of shards that do not tell how many they have, such as JSONL.
 */
export async function foretellRows<R extends Row>(
  { shards }: Plan,
  config: Pick<SelectionConfig, 'select' | 'seed' | 'onBadShard'>,
  how: RowLook<R>,
): Promise<Pick<AskedRows, 'steps'> & { readonly sample: readonly R[] }> {
  const every = Math.ceil(shards.length / sampleShards)
  const looked = shards.filter((_, index) => index % every === 0)
  const all = { seen: 0, kept: 0, low: 0, expected: 0, high: 0 }
  const sample: R[] = []
  for (const shard of looked) {
    const wanted = Math.ceil(sampleRows / looked.length)
    const { seen, kept, rows } = await lookAt(shard, { wanted, config, how })
    all.seen += seen
    for (const bound of ['low', 'expected', 'high'] as const) all[bound] += rows[bound]
    all.kept += kept.length
    sample.push(...kept)
  }
  const share = shards.reduce((sum, { bytes }) => sum + bytes, 0) / looked.reduce((sum, { bytes }) => sum + bytes, 0)
  const total =
    every === 1
      ? all
      : { low: all.low, expected: Math.round(all.expected * share), high: Math.ceil(2 * all.high * share) }
  const keptRows = keptOf(total, all.kept, all.seen)
  const chosen = eachBound(keptRows, (rows) => Math.min(config.select, rows))
  return {
    steps: [
      ['rows in the corpus', pick(total)],
      ['rows that may be chosen', keptRows],
      ['rows chosen', chosen],
    ],
    sample,
  }
}

type LookOptions<R> = {
  wanted: number
  config: Pick<SelectionConfig, 'seed' | 'onBadShard'>
  how: RowLook<R>
}

async function lookAt<R>(shard: PlannedShard, { wanted, config, how }: LookOptions<R>) {
  const { signal, reading } = how
  // What a bad shard has before its fault is part of the run, and foretold.
  const onBad = onBadAgain(config)
  const known = (await describeUnlessBad(shard, { ...reading, signal, onBad }))?.rows
  const columns = await how.columns(shard)
  const kept: R[] = []
  let [seen, characters] = [0, 0]
  for (const rows of blocks(shard, known, wanted, config.seed)) {
    let at = rows.start
    for await (const batch of leavingBad(shard, readShard(shard, { ...reading, ...columns, rows, signal }), {
      onBad,
    })) {
      for (const values of batch) {
        const { bytes, row } = how.look(values, rowId(shard, at++), shard)
        seen++
        characters += bytes
        if (row !== undefined) kept.push(row)
      }
    }
  }
  return { seen, kept, rows: rowsOf(shard, known, { seen, wanted, characters }) }
}

/** Half-open ranges of rows to look at, `wanted` in all. */
function blocks(shard: PlannedShard, known: number | undefined, wanted: number, seed: number) {
  if (known === undefined || known <= wanted) return [{ start: 0, end: wanted }]
  const size = Math.ceil(wanted / sampleBlocks)
  const span = known / sampleBlocks
  return Array.from({ length: sampleBlocks }, (_, n) => {
    const start = Math.floor(span * n + uniform(seed, `${shard.name}/${n}`, 'sample') * Math.max(0, span - size))
    return { start, end: Math.min(known, start + size) }
  })
}

type Look = { seen: number; wanted: number; characters: number }

/** How many rows a shard has; one that does not tell and was not read to its end is judged by its bytes. */
function rowsOf({ bytes }: PlannedShard, known: number | undefined, { seen, wanted, characters }: Look): Estimate {
  if (known !== undefined) return certain(known)
  if (seen < wanted) return certain(seen)
  const expected = Math.max(seen, Math.round((bytes * seen) / Math.max(1, characters)))
  // Compressed shards hold several times the rows that their bytes suggest.
  return { low: seen, expected, high: 10 * expected }
}

function keptOf(total: Estimate, kept: number, seen: number): Estimate {
  if (total.low === total.high && seen === total.low) return certain(kept)
  const share = kept / Math.max(1, seen)
  const doubt = 2 * Math.sqrt((share * (1 - share)) / Math.max(1, seen)) + 1 / Math.max(1, seen)
  return {
    low: Math.max(kept, Math.floor(total.low * (share - doubt))),
    expected: Math.round(total.expected * share),
    high: Math.ceil(Math.min(total.high, total.high * (share + doubt))),
  }
}

/** A number that is known. */
export function certain(value: number): Estimate {
  return { low: value, expected: value, high: value }
}

function eachBound({ low, expected, high }: Estimate, change: (value: number) => number): Estimate {
  return { low: change(low), expected: change(expected), high: change(high) }
}

function pick({ low, expected, high }: Estimate): Estimate {
  return { low, expected, high }
}
