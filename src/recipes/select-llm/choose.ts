import { join } from 'node:path'
import type { RunView, TaskContext } from '../../run/types.js'
import { countCommitted, readRows } from '../pass/artifacts.js'
import type { Chosen } from '../select/chosen.js'
import type { Kept } from '../select/scan.js'
import { readPlaces } from './group.js'
import type { SelectLlmConfig } from './options.js'
import { readPicks } from './pick.js'

/**
 * The picks of all questions, each row once. A row that stood in two questions may have been picked twice; for each such one
 * the row nearest to its centre among those not picked takes the place that is left.
 */
export async function choose(context: TaskContext, config: SelectLlmConfig): Promise<readonly Chosen[]> {
  const rows = countCommitted(context, ['scan'])
  const placesOf = await readPlaces(context)
  /** The question that each chosen row comes from. */
  const chosen = new Map<number, number>()
  for (const { item, question } of await readPicks(context)) if (!chosen.has(item)) chosen.set(item, question)
  const missing = Math.min(config.select, rows) - chosen.size
  for (const row of nearest(rows, missing, chosen, (row) => placesOf(row)[0]!.distance)) {
    chosen.set(row, placesOf(row)[0]!.question)
  }
  return findChosen(context, chosen, placesOf)
}

function nearest(
  rows: number,
  count: number,
  taken: ReadonlyMap<number, number>,
  distanceOf: (row: number) => number,
): number[] {
  if (count === 0) return []
  const left = Array.from({ length: rows }, (_, row) => row).filter((row) => !taken.has(row))
  return left.sort((a, b) => distanceOf(a) - distanceOf(b) || a - b).slice(0, count)
}

/** Rows by their numbers among all kept ones, with ids and places in their shards; `cluster` is the question. */
async function findChosen(
  run: RunView,
  wanted: ReadonlyMap<number, number>,
  placesOf: Awaited<ReturnType<typeof readPlaces>>,
): Promise<Chosen[]> {
  const found: Chosen[] = []
  let item = 0
  for (const { folder, task } of run.committed('scan')) {
    for await (const rows of readRows<Kept>(join(folder, 'kept.parquet'))) {
      for (const { id, row } of rows) {
        const question = wanted.get(item)
        if (question !== undefined) {
          const { distance } = placesOf(item)[0]!
          found.push({ id, row, task: task.id, cluster: question, distance: distance ** 2 })
        }
        item++
      }
    }
  }
  return found
}
