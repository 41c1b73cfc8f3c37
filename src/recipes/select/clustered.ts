import { join } from 'node:path'
import type { Committed, Pass, RunView } from '../../run/types.js'
import { readRows } from '../pass/artifacts.js'
import type { Resources } from '../types.js'
import { type Assigned, assignPass, readAssigned } from './assign.js'
import type { Chosen } from './chosen.js'
import type { SelectionConfig } from './options.js'
import { polishPass, refinePass } from './polish.js'
import type { Kept } from './scan.js'
import { solvePass } from './solve.js'
import { besideVectors } from './vectors.js'

/**
 * The passes that give every kept row a cluster: k-means on the coreset, one exact step over all rows, assignment. As many
 * clusters as the config says, or `k`.
 */
export function clusterPasses(
  config: SelectionConfig,
  resources: Pick<Resources, 'memory'>,
  k?: (run: RunView) => number,
): Pass[] {
  return [solvePass(config, resources, k), polishPass(config), refinePass(), assignPass()]
}

/** A row with its cluster, and its rank where the strategy ranks. */
export type Clustered = Chosen & Pick<Kept, 'rank'>

/** The kept rows of a scan task with their clusters, in corpus order: two files read side by side. */
export async function* readClustered(run: RunView, scanned: Committed): AsyncGenerator<Clustered[]> {
  const assigned = readAssigned(run, scanned)
  let tile: Assigned | undefined
  let at = 0
  try {
    for await (const rows of readRows<Kept>(join(scanned.folder, 'kept.parquet'))) {
      const batch: Clustered[] = []
      for (const { id, row, rank } of rows) {
        if (!tile || at === tile.clusters.length) {
          tile = (await assigned.next()).value as Assigned
          at = 0
        }
        const place = { id, row, task: scanned.task.id, cluster: tile.clusters[at]!, distance: tile.distances[at]! }
        batch.push(rank === undefined ? place : { ...place, rank })
        at++
      }
      yield batch
    }
  } finally {
    await assigned.return(undefined)
  }
}

/** The same with their vectors, so many rows at a time; the vectors are overwritten by the next ones. */
export function readClusteredVectors(
  run: RunView,
  scanned: Committed,
  dimensions: number,
): AsyncGenerator<{ rows: Clustered[]; vectors: Float32Array }> {
  return besideVectors(readClustered(run, scanned), scanned.folder, dimensions)
}
