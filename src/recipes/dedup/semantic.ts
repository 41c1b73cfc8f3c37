import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { createSemanticDuplicates, type MostAlike, type SemanticDuplicates } from '../../select/semantic-duplicates.js'
import { nextTurn } from '../../stream/turn.js'
import { reduced } from '../pass/artifacts.js'
import { readBucket } from '../select/bucket-rows.js'
import { bucketsOf, openBuckets } from '../select/buckets.js'
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

/** Bytes of vectors of a file, but for a single cluster that is larger; they are held twice, with room to grow. */
const heldBytes = 32 * 1024 * 1024

/** Rows less alike than this are not written down: no threshold below it finds more. */
const leastScore = 0.5

const alikeFile = 'alike.bin'

/** Sorts the rows by cluster into files, some clusters a file, so that none is read more than once. */
export function bucketPass(config: DedupConfig): Pass {
  return {
    name: 'bucket',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const { dimensions } = await readCentroids(context)
      const bucketOf = bucketsOf(await clusterSizes(context), heldBytes / (4 * dimensions))
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
      const clusters = new Map<number, SemanticDuplicates>()
      const found: MostAlike[] = []
      const note = (some: readonly MostAlike[]) => {
        for (const each of some) if (each.score >= leastScore) found.push(each)
      }
      const vectorsOf = vectorBytes(dimensions, spillPrecisionOf(config))
      for await (const rows of readBucket(join(reduced(context, 'bucket').folder, bucket), vectorsOf)) {
        for (const [n, { id, cluster, vector }] of rows.entries()) {
          if (n % 1024 === 0) await nextTurn(context.signal)
          let held = clusters.get(cluster)
          if (held === undefined) {
            held = createSemanticDuplicates(dimensions)
            clusters.set(cluster, held)
          }
          note(held.push(Number(id), vector))
        }
      }
      for (const held of clusters.values()) note(held.finish())
      const file = await createRecordFile(join(context.folder, alikeFile))
      try {
        for (const { row, of, score } of found.sort((a, b) => a.row - b.row)) await file.push(row, of, wordOf(score))
      } finally {
        await file.close()
      }
      return emptyTally
    },
  }
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
