import { join } from 'node:path'
import type { Committed, Pass, RunView } from '../../run/types.js'
import { readRows } from '../artifacts.js'
import { type Assigned, assignPass, readAssigned } from './assign.js'
import type { Chosen } from './chosen.js'
import type { SelectionConfig } from './options.js'
import { polishPass, refinePass } from './polish.js'
import type { Kept } from './scan.js'
import { solvePass } from './solve.js'

/** The passes that give every kept row a cluster: k-means on the coreset, one exact step over all rows, assignment. */
export function clusterPasses(config: SelectionConfig): Pass[] {
  return [solvePass(config), polishPass(), refinePass(), assignPass()]
}

/** The kept rows of a scan task with their clusters, in corpus order: two files read side by side. */
export async function* readClustered(run: RunView, scanned: Committed): AsyncGenerator<Chosen[]> {
  const assigned = readAssigned(run, scanned)
  let tile: Assigned | undefined
  let at = 0
  try {
    for await (const rows of readRows<Kept>(join(scanned.folder, 'kept.parquet'))) {
      const batch: Chosen[] = []
      for (const { id, row } of rows) {
        if (!tile || at === tile.clusters.length) {
          tile = (await assigned.next()).value as Assigned
          at = 0
        }
        batch.push({ id, row, task: scanned.task.id, cluster: tile.clusters[at]!, distance: tile.distances[at]! })
        at++
      }
      yield batch
    }
  } finally {
    await assigned.return(undefined)
  }
}
