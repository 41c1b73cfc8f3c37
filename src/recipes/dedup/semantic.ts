import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { reduced } from '../pass/artifacts.js'
import type { Alike } from '../select/alike-in-cluster.js'
import { bucketsOf, openBuckets } from '../select/buckets.js'
import { compareBucket, rowsInMemory } from '../select/compare-bucket.js'
import { spillPrecisionOf } from '../select/options.js'
import { readTiles } from '../select/tiles.js'
import { vectorBytes } from '../select/vector-bytes.js'
import { readVectorFile, tileRows, vectorsFile } from '../select/vector-file.js'
import { clusterSizes, labelFile, noCluster, readCentroids } from './cluster.js'
import type { DedupConfig } from './options.js'
import { openRecordCursors } from './record-cursor.js'
import { createRecordFile, wordOf } from './record-file.js'
import { numberRows } from './row-numbers.js'
import { scoredFile } from './score.js'

/** Rows less alike than this are not written down: no threshold below it finds more. */
const leastScore = 0.5

const alikeFile = 'alike.bin'

/** Sorts the rows by cluster into files that memory has room for, but where a cluster is larger. */
export function bucketPass(config: DedupConfig): Pass {
  return {
    name: 'bucket',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const { dimensions } = await readCentroids(context)
      const sizes = await clusterSizes(context)
      // Without a text there is no cluster, and neither a label nor a vector to read.
      if (sizes.every((size) => size === 0)) return emptyTally
      const bucketOf = bucketsOf(sizes, rowsInMemory(dimensions))
      const vectorsOf = vectorBytes(dimensions, spillPrecisionOf(config))
      const buckets = openBuckets(context.folder, (bucketOf.at(-1) ?? -1) + 1, vectorsOf)
      for await (const { first, labels, vectors } of labelledTiles(context, dimensions)) {
        context.signal.throwIfAborted()
        for (const [at, cluster] of labels.entries()) {
          if (cluster === noCluster) continue
          const vector = vectors.subarray(at * dimensions, (at + 1) * dimensions)
          await buckets.push(bucketOf[cluster]!, { id: String(first + at), cluster, distance: 0, vector })
        }
      }
      await buckets.finish()
      return emptyTally
    },
  }
}

/** Compares the rows of each cluster with each other, a task a file of them. */
export function compareClustersPass(config: DedupConfig): Pass {
  return {
    name: 'match',
    apart: true,
    async tasks(run) {
      const files = await readdir(reduced(run, 'bucket').folder)
      return files.sort().map((id) => ({ id }))
    },
    async work({ id: bucket }, context) {
      const { dimensions } = await readCentroids(context)
      const vectors = vectorBytes(dimensions, spillPrecisionOf(config))
      const path = join(reduced(context, 'bucket').folder, bucket)
      const file = await createRecordFile(join(context.folder, alikeFile))
      let found: Alike[] = []
      const flush = async () => {
        for (const { id, of, alike } of found.sort(inCorpusOrder))
          await file.push(Number(id), Number(of), wordOf(alike))
        found = []
      }
      try {
        for await (const rows of compareBucket(path, { vectors, context })) {
          found.push(...rows.filter(({ alike }) => alike >= leastScore))
          // Only a cluster that is alone in its bucket has more rows, and comes in their order.
          if (found.length >= rowsInMemory(dimensions)) await flush()
        }
        await flush()
      } finally {
        await file.close()
      }
      return emptyTally
    },
  }
}

/** Rows are called by their numbers. */
function inCorpusOrder(a: { readonly id: string }, b: { readonly id: string }): number {
  return Number(a.id) - Number(b.id)
}

/** Brings what the tasks found into the order of the rows. */
export function mergeAlikePass(): Pass {
  return {
    name: 'score',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const { total } = numberRows(context)
      const paths = context.committed('match').map(({ folder }) => join(folder, alikeFile))
      const cursors = openRecordCursors(paths, 3)
      const scored = await createRecordFile(join(context.folder, scoredFile))
      const rangeRows = 2 ** 16
      try {
        for (let first = 0; first < total; first += rangeRows) {
          const found: [number, number, number][] = []
          for (const cursor of cursors) {
            cursor.takeBefore(first + rangeRows, (words, at) =>
              found.push([words[at]!, words[at + 1]!, words[at + 2]!]),
            )
          }
          for (const record of found.sort(([a], [b]) => a - b)) await scored.push(...record)
        }
      } finally {
        await scored.close()
      }
      return emptyTally
    },
  }
}

type LabelledTile = { first: number; labels: Uint32Array; vectors: Float32Array }

/** The rows of the corpus with their clusters and vectors; a tile is overwritten by the next. */
async function* labelledTiles(run: RunView, dimensions: number): AsyncGenerator<LabelledTile> {
  const assigned = run.committed('assign')
  for (const { scanned, first: start } of numberRows(run).stretches) {
    const { folder } = assigned.find(({ task }) => task.id === scanned.task.id)!
    const labels = readTiles(join(folder, labelFile), { rows: tileRows, rowBytes: 4 })
    let first = start
    try {
      for await (const vectors of readVectorFile(join(scanned.folder, vectorsFile), dimensions)) {
        const bytes = (await labels.next()).value as Uint8Array
        yield { first, labels: new Uint32Array(bytes.buffer, 0, bytes.length / 4), vectors }
        first += bytes.length / 4
      }
    } finally {
      await labels.return(undefined)
    }
  }
}
