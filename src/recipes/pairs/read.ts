import { type Columns, type ReadOptions, readShard } from '../../formats/index.js'
import { describeUnlessBad, hasLooseColumns, leavingBad, type OnBadShard } from '../../formats/shards.js'
import type { PlannedShard, Task } from '../../run/types.js'
import type { Reject, Row } from '../../stream/types.js'
import { onBadAgain } from '../pass/bad-shards.js'
import { turnsOf } from '../pass/conversation.js'
import { inputColumnOf } from '../pass/input-column.js'
import { rowId, textFault } from '../select/corpus.js'
import type { Resources } from '../types.js'
import type { PairConfig } from './options.js'

/** What a user asked, any input below it, and what was answered. */
export type Exchange = { readonly instruction: string; readonly output: string }

/** A row of a corpus of pairs; a conversation's own pair is its first exchange. `row` is its number in its shard. */
export type PairRow = Row &
  Exchange & {
    readonly row: number
    readonly exchanges: readonly Exchange[]
    /** The further columns that were asked for. */
    readonly beside?: Columns
  }

export type ReadPairsOptions = {
  /** Columns to read beside the pair's own. */
  beside?: readonly string[]
  rows?: Task['rows']
  signal?: AbortSignal
  reading: Resources['reading'] | undefined
  /** Told where the shard does not decode, which then ends there; without it that is an error. */
  onBad?: OnBadShard | undefined
  onReject(reject: Reject): void
  /** Told of every row that was read, before any leaves. */
  onRows?(rows: number): void
}

/** The pairs of a shard with their ids; a row without an instruction or without an answer leaves as a reject. */
export async function* readPairs(
  shard: PlannedShard,
  config: PairConfig,
  { beside = [], rows, signal, reading, onBad, onReject, onRows }: ReadPairsOptions,
): AsyncGenerator<readonly PairRow[]> {
  const layout = await layoutOf(shard, config, reading)
  const { columns: own, optional } = columnsOf(layout)
  const columns = [...new Set([...own, config.idColumn, ...beside])].filter((column) => column !== undefined)
  let at = rows?.start ?? 0
  const source = readShard(shard, { ...reading, columns, optional, rows, ...(signal && { signal }) })
  for await (const batch of leavingBad(shard, source, { start: at, onBad })) {
    onRows?.(batch.length)
    const pairs: PairRow[] = []
    for (const values of batch) {
      const row = at++
      const id = rowId(shard, row, config.idColumn && values[config.idColumn])
      const pair = pairOf(values, layout)
      if (typeof pair === 'string') onReject({ id, stage: 'read', reason: pair })
      else pairs.push({ id, row, ...pair, ...(beside.length > 0 && { beside: pick(values, beside) }) })
    }
    if (pairs.length > 0) yield pairs
  }
}

function pick(values: Columns, names: readonly string[]): Columns {
  return Object.fromEntries(names.map((name) => [name, values[name]]))
}

/** Where a shard has its pairs. */
export type Layout = {
  /** Its columns of instructions and answers; absent where it has conversations alone. */
  readonly pair?: PairColumns
  /** Its columns of conversations, of which a row without an instruction holds one. */
  readonly messages: readonly string[]
  /** Those of all these that it may lack. */
  readonly optional: readonly string[]
}

type PairColumns = { readonly instruction: string; readonly input: string | undefined; readonly output: string }

const usualMessages = ['messages', 'conversations']

/** How a shard lays its pairs out, by the options and by the columns it has; where it has no schema, each row may do it anew. */
export async function layoutOf(
  shard: PlannedShard,
  config: PairConfig,
  reading: Resources['reading'] | undefined,
): Promise<Layout> {
  const { instructionColumn: instruction, outputColumn: output, idColumn, messagesColumn } = config
  if (messagesColumn !== undefined) return { messages: [messagesColumn], optional: [] }
  const description = await describeUnlessBad(shard, { ...reading, onBad: onBadAgain(config) })
  const present = new Set(description?.columns.map(({ name }) => name))
  const { input, optional } = inputColumnOf(config.inputColumn, [instruction, output, idColumn])
  const pair = { instruction, input, output }
  const messages = usualMessages.filter((name) => present.has(name))
  const hasPair = messages.length === 0 || present.has(instruction)
  if (!hasLooseColumns(shard.format)) {
    return hasPair ? { pair, messages: [], optional } : { messages: messages.slice(0, 1), optional: [] }
  }
  const missable = hasPair && messages.length === 0 ? optional : pairColumns(pair)
  return { pair, messages: usualMessages, optional: [...missable, ...usualMessages] }
}

function pairColumns({ instruction, input, output }: PairColumns): string[] {
  return input === undefined ? [instruction, output] : [instruction, input, output]
}

/** What to read of a shard laid out so. */
export function columnsOf({ pair, messages, optional }: Layout): Required<Pick<ReadOptions, 'columns' | 'optional'>> {
  return { columns: [...(pair ? pairColumns(pair) : []), ...messages], optional }
}

/** The pair in a row's columns, or why there is none. */
export function pairOf(
  values: Columns,
  { pair, messages }: Layout,
): Pick<PairRow, keyof Exchange | 'exchanges'> | string {
  const conversation = messages.map((name) => values[name]).find(isThere)
  const isPair = pair !== undefined && (isThere(values[pair.instruction]) || !isThere(conversation))
  const found = isPair ? exchangeOf(values, pair) : exchangesOf(conversation)
  return typeof found === 'string' ? found : { ...found[0]!, exchanges: found }
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined
}

function exchangeOf(values: Columns, { instruction, input, output }: PairColumns) {
  const [asked, given, answered] = [values[instruction], input && values[input], values[output]]
  const fault = faultOf(asked, 'instruction') ?? faultOf(answered, 'output')
  if (fault !== undefined) return fault
  const whole = typeof given === 'string' && given.trim() !== '' ? `${asked}\n${given}` : (asked as string)
  return [{ instruction: whole, output: answered as string }]
}

function faultOf(value: unknown, what: string): string | undefined {
  return textFault(value)?.replace('text', what)
}

/** Each user's turn with the assistant's that follows it; a conversation that ends unanswered ends with the exchange before. */
function exchangesOf(conversation: unknown): readonly Exchange[] | string {
  const turns = turnsOf(conversation)
  if (turns === undefined) return 'no conversation'
  const exchanges: Exchange[] = []
  for (const [at, { role, content }] of turns.entries()) {
    const answer = turns[at + 1]
    if (role !== 'user' || answer?.role !== 'assistant') continue
    if (content.trim() !== '' && answer.content.trim() !== '') {
      exchanges.push({ instruction: content, output: answer.content })
    }
  }
  return exchanges.length === 0 ? 'no instruction with an answer' : exchanges
}
