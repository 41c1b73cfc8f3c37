import type { Texts } from '../../embed/types.js'
import { leavingBad } from '../../formats/shards.js'
import { hasTextBytes, readTexts as readTextBytes, type TextBatch } from '../../formats/texts.js'
import type { PlannedShard } from '../../run/types.js'
import { batch } from '../../stream/batch.js'
import { pipe } from '../../stream/pipe.js'
import { columnTexts, takeTexts } from '../../text/column.js'
import { type ReadTextsOptions, readTexts, rowId, type TextConfig, textFault } from './corpus.js'

/** A row's id, and its number in its shard. */
export type Place = { readonly id: string; readonly row: number }

/** Rows and their texts, on the way to an embedder; good until the next tile is asked for. */
export type TextTile<R extends Place = Place> = { readonly rows: readonly R[]; readonly texts: Texts }

/**
 * The texts of a shard and no more, in tiles of at most 1,024 rows; a row without one leaves as a reject. The UTF-8 of
 * a Parquet column goes to the embedder as it lies: no string is made.
 */
export async function* readTextTiles(
  shard: PlannedShard,
  config: TextConfig,
  options: Omit<ReadTextsOptions, 'scoreColumn'>,
): AsyncGenerator<TextTile> {
  const { textColumn, idColumn, inputColumn } = config
  const isAlone = idColumn === undefined && inputColumn === undefined
  if (isAlone && (await hasTextBytes(shard, textColumn, options.reading))) yield* byteTiles(shard, textColumn, options)
  else {
    for await (const rows of pipe(readTexts(shard, config, options), batch({ rows: 1024 }))) {
      yield { rows, texts: rows.map(({ text }) => text) }
    }
  }
}

async function* byteTiles(
  shard: PlannedShard,
  textColumn: string,
  { rows, signal, reading, onBad, onReject, onRows }: Omit<ReadTextsOptions, 'scoreColumn'>,
): AsyncGenerator<TextTile> {
  let next = rows?.start ?? 0
  const batches = counted(
    readTextBytes(shard, textColumn, { ...reading, ...(rows && { rows }), ...(signal && { signal }) }),
  )
  for await (const { length, texts } of leavingBad(shard, batches, { start: next, onBad })) {
    onRows?.(length)
    const first = next
    const places = Array.from({ length }, (_, n): Place => ({ id: rowId(shard, first + n), row: first + n }))
    next += length
    const kept = places.flatMap(({ id }, n) => {
      const reason = faultAt(texts, n)
      if (reason === undefined) return [n]
      onReject({ id, stage: 'read', reason })
      return []
    })
    if (kept.length === length) yield { rows: places, texts }
    else if (kept.length > 0) yield { rows: kept.map((n) => places[n]!), texts: takeTexts(texts, kept) }
  }
}

async function* counted(batches: AsyncIterable<TextBatch>): AsyncGenerator<{ length: number; texts: TextBatch }> {
  for await (const texts of batches) yield { length: texts.offsets.length - 1, texts }
}

const space = 0x20

/** What textFault says of text `n`; few texts begin with anything but a letter of ASCII or white space of it. */
function faultAt({ values, offsets, nulls }: TextBatch, n: number): string | undefined {
  if (nulls?.[n] === 1) return textFault(null)
  let at = offsets[n]!
  while (at < offsets[n + 1]! && values[at]! <= space) at++
  if (at < offsets[n + 1]! && values[at]! < 0x80) return undefined
  return textFault(columnTexts({ values, offsets: offsets.subarray(n, n + 2) })[0])
}
