import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import type { Tally } from '../../run/tally.js'
import type { RunView, TaskContext } from '../../run/types.js'
import { SluiceError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'
import { countCommitted, type Range, readRows, reduced } from '../pass/artifacts.js'
import { refuseRepeatedIn } from '../pass/unique-ids.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'

/**
 * A chosen row, and where to find it: `task` is its scan task, `row` its number in the shard. `cluster` is the group that
 * the strategy saw it in, and `distance` squared, from what the group is named by.
 */
export type Chosen = { id: string; task: string; row: number; cluster: number; distance: number }

const chosenSchema: Schema = { id: 'string', task: 'string', row: 'int32', cluster: 'int32', distance: 'float' }

/** What is said of rows that were taken one after another: `cluster` is the turn, `distance` squared, to those before. */
export function inTurns(
  ids: readonly string[],
  distances: ArrayLike<number>,
): Map<string, Pick<Chosen, 'cluster' | 'distance'>> {
  return new Map(ids.map((id, turn) => [id, { cluster: turn, distance: turn > 0 ? distances[turn]! : 0 }]))
}

/** The places of rows that were chosen by id, with what the strategy says of each: one reading of the kept ids. */
export async function locateChosen(
  run: RunView,
  chosen: ReadonlyMap<string, Pick<Chosen, 'cluster' | 'distance'>>,
): Promise<Chosen[]> {
  const located: Chosen[] = []
  for (const { task, folder } of run.committed('scan')) {
    for await (const rows of readRows<Kept>(join(folder, 'kept.parquet'))) {
      for (const { id, row } of rows) {
        const found = chosen.get(id)
        if (found !== undefined) located.push({ id, row, task: task.id, ...found })
      }
    }
  }
  return located
}

/**
 * Ends a strategy's pass `choose`: leaves the chosen rows in corpus order, in which a stream of them must come, and counts the
 * others of the kept ones. Only one that `mayEndEarly` may choose fewer than were asked for and there are.
 */
export async function writeChosen(
  context: TaskContext,
  rows: readonly Chosen[] | Batches<Chosen>,
  config: SelectionConfig,
  { mayEndEarly = false } = {},
): Promise<Tally> {
  const kept = countCommitted(context, ['scan'])
  const path = join(context.folder, 'chosen.parquet')
  const inOrder = Symbol.asyncIterator in rows ? rows : oneBatch(inCorpusOrder(rows))
  const { rows: chosen } = await writeRows(path, { schema: chosenSchema })(inOrder)
  await refuseRepeatedIn([path], config.idColumn)
  const wanted = Math.min(kept, config.select)
  if (mayEndEarly ? chosen > wanted : chosen !== wanted) {
    throw new SluiceError('E_BUG', 70, `Chose ${chosen} of ${kept} rows, and ${config.select} were asked for`)
  }
  const left = kept - chosen
  const rejected: Record<string, number> = left === 0 ? {} : { 'choose: not chosen': left }
  return { in: kept, out: chosen, rejected, failed: {} }
}

/** Rows by the task that scanned them, in the order in which they come. */
export function byTask(rows: Iterable<Chosen>): Map<string, Chosen[]> {
  const found = new Map<string, Chosen[]>()
  for (const row of rows) {
    const others = found.get(row.task)
    if (others) others.push(row)
    else found.set(row.task, [row])
  }
  return found
}

/** The chosen rows, in corpus order; all, or those of a range of them. */
export async function readChosen(run: RunView, range?: Range): Promise<Chosen[]> {
  const chosen: Chosen[] = []
  for await (const rows of readRows<Chosen>(chosenPath(run), range)) chosen.push(...rows)
  return chosen
}

function chosenPath(run: RunView): string {
  return join(reduced(run, 'choose').folder, 'chosen.parquet')
}

/** Where in the file of the chosen rows those of each scan task are; a task of none is not among them. */
export async function chosenRanges(run: RunView): Promise<Map<string, Range>> {
  const ranges = new Map<string, Range>()
  let at = 0
  for await (const rows of readRows<Chosen>(chosenPath(run))) {
    for (const { task } of rows) {
      const start = ranges.get(task)?.start ?? at
      ranges.set(task, { start, end: ++at })
    }
  }
  return ranges
}

/** Chosen rows in corpus order. */
export function inCorpusOrder(rows: readonly Chosen[]): Chosen[] {
  return [...rows].sort((a, b) => (a.task === b.task ? a.row - b.row : a.task < b.task ? -1 : 1))
}

async function* oneBatch<R>(rows: readonly R[]): AsyncGenerator<readonly R[]> {
  if (rows.length > 0) yield rows
}
