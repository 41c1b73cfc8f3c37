import { type Columns, readShard } from '../../formats/index.js'
import { leavingBad, type OnBadShard } from '../../formats/shards.js'
import type { PlannedShard, Task } from '../../run/types.js'
import { keep, type Reason } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches, Reject } from '../../stream/types.js'
import { textOf } from '../pass/conversation.js'
import type { Resources } from '../types.js'
import type { SelectionConfig } from './options.js'

/** A text of the corpus; `row` is its number in its shard, from 0 up. */
export type TextRow = {
  readonly id: string
  readonly row: number
  readonly text: string
  /** Of the score column, where one is read. */
  readonly score?: number
}

/** Says why a text may not enter the selection, or nothing when it may. */
export type JudgeText = (text: string) => Reason | undefined

export type ReadTextsOptions = {
  rows?: Task['rows']
  signal?: AbortSignal
  /** Column of numbers to read beside the text; a row without one leaves as a reject. */
  scoreColumn?: string | undefined
  reading: Resources['reading']
  /** Told where the shard does not decode, which then ends there; without it that is an error. */
  onBad?: OnBadShard | undefined
  onReject(reject: Reject): void
  /** Told of every row that was read, before any is judged. */
  onRows?(rows: number): void
}

/** Where a row's text is; an `inputColumn` is set below the text column's. `optional` are columns that a shard may lack. */
export type TextConfig = Pick<SelectionConfig, 'textColumn' | 'idColumn'> & {
  inputColumn?: string | undefined
  optional?: readonly string[]
}

/** The texts of a shard with their ids; a row whose text column holds no text leaves as a reject. */
export function readTexts(shard: PlannedShard, config: TextConfig, options: ReadTextsOptions): Batches<TextRow> {
  const { textColumn, idColumn, inputColumn, optional } = config
  const { rows, signal, scoreColumn, reading, onBad } = options
  const named = [textColumn, idColumn, inputColumn, scoreColumn]
  const columns = [...new Set(named)].filter((column) => column !== undefined)
  return pipe(
    leavingBad(shard, readShard(shard, { ...reading, columns, optional, rows, signal }), { start: rows?.start, onBad }),
    (source) => identify(source, shard, config, options),
    keep(
      'read',
      ({ text, score }) =>
        textFault(text) ?? (scoreColumn !== undefined && !Number.isFinite(score) ? 'no score' : undefined),
      options.onReject,
    ),
  )
}

async function* identify(
  source: Batches<Columns>,
  shard: PlannedShard,
  { textColumn, idColumn, inputColumn }: TextConfig,
  { rows, scoreColumn, onRows }: ReadTextsOptions,
): AsyncGenerator<TextRow[]> {
  let row = rows?.start ?? 0
  for await (const batch of source) {
    onRows?.(batch.length)
    yield batch.map((columns) => {
      const input = inputColumn === undefined ? undefined : columns[inputColumn]
      const text = withInput(textOf(columns[textColumn]), input)
      const at = row++
      const own = {
        id: rowId(shard, at, idColumn && columns[idColumn]),
        row: at,
        text: text as string,
      }
      return scoreColumn === undefined ? own : { ...own, score: numberOf(columns[scoreColumn]) }
    })
  }
}

/** A score as a number; NaN where the value is none. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN
}

/** A text above its input, where it has one. */
export function withInput<T>(text: T, input: unknown): T | string {
  return typeof text === 'string' && typeof input === 'string' && input.trim() !== '' ? `${text}\n${input}` : text
}

/** The id of a row: its own, where it has one, or its place. */
export function rowId(shard: { name: string }, row: number, own?: unknown): string {
  return own === undefined || own === null ? `${shard.name}#${row}` : String(own)
}

/** Why the value of a text column is no text, or `undefined` where it is one. */
export function textFault(text: unknown): string | undefined {
  if (typeof text !== 'string') return text === null || text === undefined ? 'no text' : 'text is not a string'
  return text.trim() === '' ? 'empty text' : undefined
}
