import { CorruptInputError } from '../stream/errors.js'
import type { Batches } from '../stream/types.js'
import { checkColumns } from './columns.js'
import { describeShard, readShard } from './index.js'
import { mixedNotes } from './mixed-columns.js'
import type { Columns, DescribeOptions, Description, ReadOptions, RowRange, Schema, Shard } from './types.js'
import { type SchemaPolicy, unionSchemas } from './union-schema.js'

type Where = Pick<Shard, 'path' | 'format'>
type Named = Where & { name: string }

/** A shard that does not decode: its rows before `row` were read, the others were not. */
export type BadShard = { readonly path: string; readonly row: number; readonly error: CorruptInputError }

/** Told of a shard that does not decode, which is then left for the next one. Without it the error is thrown. */
export type OnBadShard = (bad: BadShard) => void

/** The rows of several shards, one shard after another; a range of `rows` counts through them all. */
export function readShards(
  shards: readonly Where[],
  { rows, onBad, ...options }: ReadOptions & { onBad?: OnBadShard | undefined } = {},
): AsyncGenerator<readonly Columns[]> {
  const read = (shard: Where, range?: RowRange) =>
    leavingBad(shard, readShard(shard, { ...options, rows: range }), { start: range?.start, onBad })
  // Reading a bad one meets the same fault, and tells of it.
  const rowsOf = async (shard: Where) =>
    (await describeUnlessBad(shard, { ...options, onBad: onBad && (() => {}) }))?.rows
  return readInTurn(shards, rows, { read, rowsOf })
}

/** Passes rows on until the shard does not decode any further; `onBad` is then told of it. `start` is the first row's number. */
export async function* leavingBad<Batch extends { readonly length: number }>(
  { path }: Pick<Shard, 'path'>,
  rows: AsyncIterable<Batch>,
  { start = 0, onBad }: { start?: number | undefined; onBad: OnBadShard | undefined },
): AsyncGenerator<Batch> {
  let row = start
  try {
    for await (const batch of rows) {
      row += batch.length
      yield batch
    }
  } catch (error) {
    if (onBad === undefined || !(error instanceof CorruptInputError)) throw error
    onBad({ path, row, error })
  }
}

/** Several shards taken for one table. */
export type OpenShards = {
  /** What holds every row; undefined where a format does not tell its types. Throws a UsageError where nothing does. */
  schema(policy?: SchemaPolicy): Schema | undefined
  read(options?: Pick<ReadOptions, 'rows' | 'signal'>): AsyncGenerator<readonly Columns[]>
  /** Says of each column or part of one whose rows disagree where they do. */
  readonly mixed: readonly string[]
}

/**
 * Several shards as one table, of which a shard may lack columns. Throws a UsageError for a column that none has, and
 * where `onBad` was told of every one of them a CorruptInputError.
 */
export async function openShards(
  shards: readonly Named[],
  {
    columns,
    onBad,
    ...how
  }: { columns?: readonly string[] | undefined; onBad?: OnBadShard | undefined } & DescribeOptions = {},
): Promise<OpenShards> {
  const described = await describeAll(shards, { ...how, onBad })
  const present = new Set(described.flatMap(({ description }) => description?.columns.map(({ name }) => name) ?? []))
  // Of stdin nothing is known before it is read.
  const isKnown = described.every(({ description }) => description !== undefined)
  if (isKnown) {
    await addLateColumns(described, columns, present, how)
    checkColumns(shards.length === 1 ? shards[0]!.path : undefined, columns, [...present])
  }
  const optional = isKnown || shards.length > 1 ? columns : undefined
  const read = (shard: Described, options: ReadOptions) => readShard(shard, { columns, optional, ...options })
  return {
    schema: (policy) => unionOf(described, columns, policy),
    mixed: described.flatMap(({ name, description }) =>
      mixedNotes(name, description?.mixed?.filter(({ column }) => columns?.includes(column) ?? true) ?? []),
    ),
    read: ({ rows, signal } = {}) =>
      readInTurn(described, rows, {
        read: (shard, range) =>
          leavingBad(shard, read(shard, { ...how, rows: range, signal }), { start: range?.start, onBad }),
        rowsOf: async (shard) => shard.description?.rows,
      }),
  }
}

/** Adds columns that only later rows have, where one that is wanted is not among those known as yet. */
async function addLateColumns(
  shards: readonly Described[],
  wanted: readonly string[] | undefined,
  present: Set<string>,
  how: DescribeOptions,
): Promise<void> {
  if (how.everyRow) return
  for (const shard of shards) {
    if (wanted?.every((name) => present.has(name)) ?? true) return
    if (!hasLooseColumns(shard.format)) continue
    for (const { name } of (await describeShard(shard, { ...how, everyRow: true })).columns) present.add(name)
  }
}

/** The schema that holds every column of the shards, or `undefined` where a format does not tell its types. */
export async function schemaOf(
  shards: readonly Named[],
  columns?: readonly string[],
  policy?: SchemaPolicy,
): Promise<Schema | undefined> {
  return unionOf(await describeAll(shards, {}), columns, policy)
}

/** Stdin can be read only once, so nothing is known of it beforehand. */
type Described = Named & { description: Description | undefined }

async function describeAll(
  shards: readonly Named[],
  { onBad, ...how }: DescribeOptions & { onBad?: OnBadShard | undefined },
): Promise<Described[]> {
  const described: Described[] = []
  let last: CorruptInputError | undefined
  const noteBad: OnBadShard | undefined =
    onBad &&
    ((bad) => {
      last = bad.error
      onBad(bad)
    })
  for (const shard of shards) {
    const isPipe = shard.path === '-'
    const description = isPipe ? undefined : await describeUnlessBad(shard, { ...how, onBad: noteBad })
    if (isPipe || description !== undefined) described.push({ ...shard, description })
  }
  if (described.length === 0 && last !== undefined) throw last
  return described
}

/** What a shard says of itself, or undefined where it does not decode and `onBad` was told so. */
export async function describeUnlessBad(
  shard: Where,
  { onBad, ...how }: DescribeOptions & { onBad: OnBadShard | undefined },
): Promise<Description | undefined> {
  try {
    return await describeShard(shard, how)
  } catch (error) {
    if (onBad === undefined || !(error instanceof CorruptInputError)) throw error
    onBad({ path: shard.path, row: 0, error })
    return undefined
  }
}

function unionOf(
  shards: readonly Described[],
  columns: readonly string[] | undefined,
  policy: SchemaPolicy | undefined,
): Schema | undefined {
  const files = shards.flatMap(({ name, description }) => {
    if (description?.schema === undefined) return []
    const own = Object.entries(description.schema).filter(([column]) => !columns || columns.includes(column))
    // A file of no rows and no columns, such as an empty JSONL shard, has no say in what there is.
    return own.length === 0 && description.rows === 0
      ? []
      : [{ name, schema: Object.fromEntries(own), nulls: description.nulls }]
  })
  const isTold = shards.every(({ description }) => description?.schema !== undefined)
  return isTold ? unionSchemas(files, policy) : undefined
}

/** Whether only reading all of a shard would tell its columns. */
export function hasLooseColumns(format: string): boolean {
  return format === 'jsonl' || format === 'json'
}

type Access<S> = {
  read(shard: S, range?: RowRange): Batches<Columns>
  /** How many rows a shard has, where that is known without reading it. */
  rowsOf(shard: S): Promise<number | undefined>
}

async function* readInTurn<S extends Where>(
  shards: readonly S[],
  rows: RowRange | undefined,
  { read, rowsOf }: Access<S>,
): AsyncGenerator<readonly Columns[]> {
  let before = 0
  for (const [index, shard] of shards.entries()) {
    if (rows === undefined) {
      yield* read(shard) as AsyncGenerator<readonly Columns[]>
      continue
    }
    if (before >= rows.end) return
    const range = { start: Math.max(0, rows.start - before), end: rows.end - before }
    const isLast = index === shards.length - 1
    const known = isLast || shard.path === '-' ? undefined : await rowsOf(shard)
    if (known !== undefined || isLast) {
      if (range.start < (known ?? Number.POSITIVE_INFINITY))
        yield* read(shard, range) as AsyncGenerator<readonly Columns[]>
      before += known ?? 0
    } else {
      before += yield* counted(read(shard), range)
    }
  }
}

/** The rows in the range; answers with how many there were, or were read until the range ended. */
async function* counted(
  source: Batches<Columns>,
  { start, end }: RowRange,
): AsyncGenerator<readonly Columns[], number> {
  let row = 0
  for await (const batch of source) {
    const wanted = batch.slice(Math.max(0, start - row), Math.max(0, end - row))
    row += batch.length
    if (wanted.length > 0) yield wanted
    if (row >= end) break
  }
  return row
}
