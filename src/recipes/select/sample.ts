import { readShard } from '../../formats/index.js'
import { describeUnlessBad, leavingBad } from '../../formats/shards.js'
import type { Plan, PlannedShard } from '../../run/types.js'
import { uniform } from '../../text/hash.js'
import { onBadAgain } from '../bad-shards.js'
import type { AskedRows, Estimate, Resources } from '../types.js'
import { type JudgeText, rowId } from './corpus.js'
import type { ChosenText } from './fetch.js'
import type { SelectionConfig } from './options.js'

/** Rows looked at in all, shards they come from at most, and blocks of a shard. */
const sampleRows = 4096
const sampleShards = 64
const sampleBlocks = 4

export type SampleOptions = {
  judge: JudgeText
  titleColumn?: string | undefined
  signal: AbortSignal
  reading?: Resources['reading'] | undefined
}

/**
 * Foretells what the selection will choose, from blocks of rows spread over the shards: how many there are, how many the
 * judge keeps, how many are chosen, and what those look like. All of it is certain where every row was looked at, and the
 * number of chosen rows also where there are clearly more kept ones. Reads the first rows only of shards that do not tell
 * how many they have, such as JSONL.
 */
export async function foretellSelection(
  { shards }: Plan,
  config: Pick<SelectionConfig, 'textColumn' | 'select' | 'seed' | 'onBadShard'>,
  { judge, titleColumn, signal, reading }: SampleOptions,
): Promise<AskedRows & { readonly sample: readonly ChosenText[] }> {
  const every = Math.ceil(shards.length / sampleShards)
  const looked = shards.filter((_, index) => index % every === 0)
  const all = { seen: 0, kept: 0, low: 0, expected: 0, high: 0 }
  const sample: ChosenText[] = []
  for (const shard of looked) {
    const { seen, kept, rows } = await lookAt(shard, Math.ceil(sampleRows / looked.length), config, titleColumn)
    all.seen += seen
    for (const bound of ['low', 'expected', 'high'] as const) all[bound] += rows[bound]
    all.kept += kept.length
    sample.push(...kept)
  }
  const share = shards.reduce((sum, { bytes }) => sum + bytes, 0) / looked.reduce((sum, { bytes }) => sum + bytes, 0)
  const total =
    every === 1 ? all : { low: all.low, expected: Math.round(all.expected * share), high: 2 * all.high * share }
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

  async function lookAt(shard: PlannedShard, wanted: number, { textColumn, seed }: typeof config, title?: string) {
    // What a bad shard has before its fault is part of the run, and foretold.
    const onBad = onBadAgain(config)
    const known = (await describeUnlessBad(shard, { ...reading, signal, onBad }))?.rows
    const kept: ChosenText[] = []
    let [seen, characters] = [0, 0]
    const columns = title === undefined ? [textColumn] : [textColumn, title]
    for (const rows of blocks(shard, known, wanted, seed)) {
      let at = rows.start
      for await (const batch of leavingBad(shard, readShard(shard, { ...reading, columns, rows, signal }), { onBad })) {
        for (const row of batch) {
          const text = row[textColumn]
          const id = rowId(shard, at++)
          seen++
          if (typeof text !== 'string') continue
          characters += Buffer.byteLength(text)
          if (text.trim() === '' || judge(text) !== undefined) continue
          const titled = title === undefined ? null : row[title]
          kept.push({ id, text, title: typeof titled === 'string' ? titled : null, cluster: 0, distance: 0 })
        }
      }
    }
    return { seen, kept, rows: rowsOf(shard, known, { seen, wanted, characters }) }
  }
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
