import { type Columns, readShard } from '../../formats/index.js'
import { describeUnlessBad, leavingBad, type OnBadShard } from '../../formats/shards.js'
import type { PlannedShard, Task } from '../../run/types.js'
import type { Reject, Row } from '../../stream/types.js'
import { onBadAgain } from '../bad-shards.js'
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
  const named = [...columnsOf(layout), config.idColumn, ...beside]
  const columns = [...new Set(named)].filter((column) => column !== undefined)
  let at = rows?.start ?? 0
  const source = readShard(shard, { ...reading, columns, rows, ...(signal && { signal }) })
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

/** Where a shard has its pairs: in a column of conversations, or in one of instructions and one of answers. */
export type Layout =
  | { readonly messages: string }
  | { readonly instruction: string; readonly input: string | undefined; readonly output: string }

/** How a shard lays its pairs out, by the options and by the columns it has. */
export async function layoutOf(
  shard: PlannedShard,
  config: PairConfig,
  reading: Resources['reading'] | undefined,
): Promise<Layout> {
  const { instructionColumn: instruction, outputColumn: output, inputColumn, messagesColumn } = config
  if (messagesColumn !== undefined) return { messages: messagesColumn }
  const description = await describeUnlessBad(shard, { ...reading, onBad: onBadAgain(config) })
  const has = (column: string) => description?.columns.some(({ name }) => name === column) ?? false
  const messages = ['messages', 'conversations'].find(has)
  if (messages !== undefined && !has(instruction)) return { messages }
  return { instruction, input: inputColumn ?? (has('input') ? 'input' : undefined), output }
}

/** The columns to read of a shard laid out so. */
export function columnsOf(layout: Layout): string[] {
  if ('messages' in layout) return [layout.messages]
  return [layout.instruction, ...(layout.input === undefined ? [] : [layout.input]), layout.output]
}

/** The pair in a row's columns, or why there is none. */
export function pairOf(values: Columns, layout: Layout): Pick<PairRow, keyof Exchange | 'exchanges'> | string {
  const found = 'messages' in layout ? exchangesOf(values[layout.messages]) : exchangeOf(values, layout)
  return typeof found === 'string' ? found : { ...found[0]!, exchanges: found }
}

function exchangeOf(values: Columns, { instruction, input, output }: Exclude<Layout, { messages: string }>) {
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
  if (!Array.isArray(conversation)) return 'no conversation'
  const turns = conversation.map(turnOf)
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

/** A turn as {role, content}, or as ShareGPT has it, {from, value}. */
function turnOf(turn: unknown): { role: string; content: string } {
  const { role, from, content, value } = (turn ?? {}) as Columns
  const [who, said] = [String(role ?? from), content ?? value]
  const names: Readonly<Record<string, string>> = { human: 'user', gpt: 'assistant' }
  return { role: names[who] ?? who, content: typeof said === 'string' ? said : '' }
}
