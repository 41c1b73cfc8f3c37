import { join } from 'node:path'
import { type Columns, type ParquetOptions, readShard, type Schema, writeRows } from '../../formats/index.js'
import { type BadShard, hasLooseColumns, leavingBad } from '../../formats/shards.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass, PlannedShard, RunView, Task, TaskContext } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import type { Batches, Row } from '../../stream/types.js'
import { type Range, readRows } from '../pass/artifacts.js'
import { badShardDetail, badShardReason } from '../pass/bad-shards.js'
import { textOf } from '../pass/conversation.js'
import { shardSchema } from '../pass/shard-schema.js'
import type { Resources } from '../types.js'
import { arrangePass } from './arrange.js'
import { type Chosen, chosenRanges, readChosen } from './chosen.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'

/** A chosen row with its text; `distance` is squared, to the centroid of its cluster. */
export type ChosenText = Row & {
  readonly text: string
  readonly title: string | null
  readonly cluster: number
  readonly distance: number
}

const textSchema: Schema = { id: 'string', text: 'string', title: 'string', cluster: 'int32', distance: 'float' }

/** Where a chosen row came from; named so that no column of a corpus is likely to be called the same. */
export const originSchema: Schema = { sluice_id: 'string', sluice_cluster: 'int32', sluice_distance: 'float' }

/** What a fetch leaves: its chosen rows, in corpus order or, where ids come from a column, in order of id. */
export const fetchedFile = 'rows.parquet'

/** Only a later pass reads it, once: time matters more than bytes. */
const inPassing: ParquetOptions = { codec: 'snappy', statistics: false, pageIndex: false }

export type FetchOptions = {
  columns: 'text' | 'all'
  titleColumn?: string | undefined
  /** With `columns: 'all'`: what the scan left of each kept row that is to stand beside its own columns. */
  beside?: Schema | undefined
}

/**
 * Reads the chosen rows out of their shards: a second look at few rows costs less than a copy of every text kept. The last
 * pass is called `fetch`; where ids come from a column, one before it gathers what it puts in order of id.
 */
export function fetchPasses(config: SelectionConfig, resources: Resources, options: FetchOptions): Pass[] {
  if (config.idColumn === undefined) return [readPass('fetch', config, resources, options)]
  const id = options.columns === 'text' ? 'id' : 'sluice_id'
  return [
    readPass('gather', config, resources, options),
    arrangePass('fetch', { from: 'gather', file: fetchedFile, id }),
  ]
}

/** What {@link fetchPasses} are called. */
export function fetchNames({ idColumn }: Pick<SelectionConfig, 'idColumn'>): string[] {
  return idColumn === undefined ? ['fetch'] : ['gather', 'fetch']
}

function readPass(
  name: string,
  config: SelectionConfig,
  { reading }: Resources,
  { columns, titleColumn, beside = {} }: FetchOptions,
): Pass {
  const wanted = [config.textColumn, ...(titleColumn === undefined ? [] : [titleColumn])]
  // Read once for all tasks: a corpus may have thousands of them.
  let found: Promise<Map<string, Range>> | undefined
  const rangesOf = (run: RunView) => {
    found ??= chosenRanges(run)
    return found
  }
  return {
    name,
    apart: true,
    async tasks(run) {
      const ranges = await rangesOf(run)
      return run
        .committed('scan')
        .map(({ task }) => task)
        .filter(({ id }) => ranges.has(id))
    },
    async work(task, context) {
      const shard = context.plan.shards[task.shard!]!
      const chosen = await readChosen(context, (await rangesOf(context)).get(task.id)!)
      const log = openRejectLog(join(context.folder, 'lost.jsonl'))
      // Of the columns that no pass has read yet one may not decode.
      const onBad = ({ row: read, error }: BadShard) => {
        const detail = badShardDetail(shard, error)
        for (const { id } of chosen.slice(read)) log.reject({ id, stage: 'fetch', reason: badShardReason, detail })
      }
      const isText = columns === 'text'
      const source = readShard(shard, {
        ...{ ...reading, only: chosen.map(({ row }) => row), signal: context.signal },
        // A block of rows without any title is none that lacks the column, where each row says what it has.
        ...(isText && {
          columns: wanted,
          ...(hasLooseColumns(shard.format) && titleColumn && { optional: [titleColumn] }),
        }),
      })
      const readable = leavingBad(shard, source, { onBad: config.onBadShard === 'skip' ? onBad : undefined })
      return closing(log, async () => {
        const left = await keptBeside(context, task, { chosen, beside })
        const picked = shaped(readable, chosen, isText ? textRow(config.textColumn, titleColumn) : fullRow(left))
        const schema = isText ? textSchema : await fullSchema(shard, context, { reading, beside })
        const written = await writeRows(join(context.folder, fetchedFile), { schema, parquet: inPassing })(picked)
        context.progress(written.rows)
        return { in: chosen.length, out: written.rows, rejected: log.rejected, failed: {} }
      })
    },
  }
}

type Shape = (row: Chosen, values: Columns) => Columns

function textRow(textColumn: string, titleColumn: string | undefined): Shape {
  return ({ id, cluster, distance }, values) => {
    const title = titleColumn === undefined ? undefined : values[titleColumn]
    return { id, text: textOf(values[textColumn]), title: typeof title === 'string' ? title : null, cluster, distance }
  }
}

// Last, so that selecting from a selection tells of this one.
function fullRow(left: ReadonlyMap<number, Columns>): Shape {
  return ({ id, row, cluster, distance }, values) => ({
    ...values,
    sluice_id: id,
    sluice_cluster: cluster,
    sluice_distance: distance,
    ...left.get(row),
  })
}

/** By row number, the columns that the scan left of the chosen rows; empty where there are none to set beside them. */
async function keptBeside(
  run: RunView,
  task: Task,
  { chosen, beside }: { chosen: readonly Chosen[]; beside: Schema },
): Promise<ReadonlyMap<number, Columns>> {
  const names = Object.keys(beside)
  const left = new Map<number, Columns>()
  if (names.length === 0) return left
  const wanted = new Set(chosen.map(({ row }) => row))
  const { folder } = run.committed('scan').find((done) => done.task.id === task.id)!
  for await (const rows of readRows<Columns & Kept>(join(folder, 'kept.parquet'))) {
    for (const values of rows) {
      if (wanted.has(values.row)) left.set(values.row, Object.fromEntries(names.map((name) => [name, values[name]])))
    }
  }
  return left
}

type SchemaOptions = { reading: Resources['reading']; beside: Schema }

/** The shard's own types where the file tells them; else `undefined`, and the writer goes by the rows. */
async function fullSchema(
  shard: PlannedShard,
  context: TaskContext,
  { reading, beside }: SchemaOptions,
): Promise<Schema | undefined> {
  const schema = await shardSchema(shard, context, { reading })
  return schema && { ...originSchema, ...schema, ...originSchema, ...beside }
}

/** The chosen rows, which are those of `source` in its order. */
async function* shaped(source: Batches<Columns>, chosen: readonly Chosen[], shape: Shape): AsyncGenerator<Columns[]> {
  let next = 0
  for await (const batch of source) yield batch.map((values) => shape(chosen[next++]!, values))
}
