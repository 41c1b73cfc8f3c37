import { join } from 'node:path'
import type { Committed, TaskContext } from '../../run/types.js'
import type { Batches } from '../../stream/types.js'
import { readRows } from '../pass/artifacts.js'
import { onBadAgain } from '../pass/bad-shards.js'
import type { Resources } from '../types.js'
import { byTask, type Chosen } from './chosen.js'
import { readTexts, type TextRow } from './corpus.js'
import type { SelectionConfig } from './options.js'
import type { Kept } from './scan.js'

type Reading = { config: SelectionConfig; reading: Resources['reading'] }

/** Every row that a scan task kept, read from its shard a second time, in order. */
export async function* readKeptTexts(
  context: TaskContext,
  { task, folder }: Committed,
  { config, reading }: Reading,
): AsyncGenerator<TextRow[]> {
  const { signal } = context
  const { rows } = task
  const shard = context.plan.shards[task.shard!]!
  const options = { signal, reading, rows, onReject: () => {}, onBad: onBadAgain(config) }
  yield* withNumbers(readTexts(shard, config, options), readRows<Kept>(join(folder, 'kept.parquet')))
}

/** The texts of some rows, in corpus order; memory is the caller's. */
export async function* readTextsOf(
  context: TaskContext,
  places: readonly Chosen[],
  { config, reading }: Reading,
): AsyncGenerator<TextRow[]> {
  const { signal } = context
  const wantedOf = byTask(places)
  for (const { task } of context.committed('scan')) {
    const wanted = wantedOf.get(task.id)?.sort((a, b) => a.row - b.row)
    if (wanted === undefined) continue
    const rows = { start: wanted[0]!.row, end: wanted.at(-1)!.row + 1 }
    const shard = context.plan.shards[task.shard!]!
    const options = { signal, reading, rows, onReject: () => {}, onBad: onBadAgain(config) }
    yield* withNumbers(readTexts(shard, config, options), one(wanted))
  }
}

async function* one<R>(batch: R): AsyncGenerator<R> {
  yield batch
}

/** Of the texts those whose row numbers come in `numbers`; both rise. */
async function* withNumbers(
  texts: Batches<TextRow>,
  numbers: Batches<{ readonly row: number }>,
): AsyncGenerator<TextRow[]> {
  const source = numbers[Symbol.asyncIterator]()
  let ahead: readonly { readonly row: number }[] = []
  let at = 0
  try {
    for await (const batch of texts) {
      const found: TextRow[] = []
      for (const text of batch) {
        if (at === ahead.length) {
          const next = await source.next()
          if (next.done) break
          ahead = next.value
          at = 0
        }
        if (ahead[at]?.row !== text.row) continue
        found.push(text)
        at++
      }
      if (found.length > 0) yield found
    }
  } finally {
    await source.return?.()
  }
}
