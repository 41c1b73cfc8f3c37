import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask } from '../../run/types.js'
import { createPolish, decodePolish } from '../../select/polish.js'
import type { SelectionConfig } from './options.js'
import { isWhole, readCentroids, writeCentroids } from './solve.js'
import { readVectorFile, vectorsFile } from './vector-file.js'

/**
 * Sums every vector into its nearest centroid's cluster: the map half of one Lloyd step over all the data. There is nothing to do
 * where all the data was in the coreset, whose k-means ended with such a step.
 */
export function polishPass(config: SelectionConfig): Pass {
  return {
    name: 'polish',
    apart: true,
    tasks: async (run) => (isWhole(run, config) ? [] : run.committed('scan').map(({ task }) => task)),
    async work(task, { plan, committed, folder, signal, progress }) {
      const solved = await readCentroids({ plan, committed }, 'solve')
      const polish = createPolish(solved)
      const scanned = committed('scan').find((scan) => scan.task.id === task.id)!
      for await (const tile of readVectorFile(join(scanned.folder, vectorsFile), solved.dimensions)) {
        signal.throwIfAborted()
        polish.push(tile)
        progress(tile.length / solved.dimensions)
      }
      await writeFile(join(folder, 'sums.bin'), polish.encode())
      return emptyTally
    },
  }
}

/** Moves each centroid to the mean of its cluster, where the sums are exact: the reduce half. */
export function refinePass(): Pass {
  return {
    name: 'refine',
    tasks: async () => reduceTask,
    async work(_task, { plan, committed, folder, warn }) {
      const solved = await readCentroids({ plan, committed }, 'solve')
      const polish = createPolish(solved)
      for (const sums of committed('polish')) {
        polish.merge(decodePolish(await readFile(join(sums.folder, 'sums.bin')), solved))
      }
      const { centroids, exact } = polish.finish()
      // Inexact sums depend on how rows fell into shards, and the chosen rows must not: then there is no step.
      if (!exact) warn('a cluster has too many rows for exact sums: centroids stay as the coreset has them')
      await writeCentroids(join(folder, 'centroids.bin'), exact ? { ...solved, centroids } : solved)
      return emptyTally
    },
  }
}
