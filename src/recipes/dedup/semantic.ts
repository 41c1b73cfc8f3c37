import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask, type Task } from '../../run/types.js'
import { createSemanticDuplicates, type MostAlike } from '../../select/semantic-duplicates.js'
import { readTiles, readVectorFile, tileRows } from '../select/vectors.js'
import { clusterSizes, labelFile, readCentroids } from './cluster.js'
import { vectorFile } from './embed.js'
import { openRecordCursors } from './record-cursor.js'
import { createRecordFile, wordOf } from './record-file.js'
import { numberRows } from './row-numbers.js'
import { scoredFile } from './score.js'

/** Bytes of vectors of a task, but for a single cluster that is larger; they are held twice, with room to grow. */
const heldBytes = 32 * 1024 * 1024

/** Rows less alike than this are not written down: no threshold below it finds more. */
const leastScore = 0.5

const alikeFile = 'alike.bin'

/** Compares the rows of each cluster with each other, some clusters a task. */
export function compareClustersPass(): Pass {
  return {
    name: 'match',
    tasks: clusterTasks,
    async work(task, context) {
      const { dimensions } = await readCentroids(context)
      const [start, end] = task.id.split('-').slice(1).map(Number) as [number, number]
      const clusters = Array.from({ length: end - start }, () => createSemanticDuplicates(dimensions))
      const found: MostAlike[] = []
      const note = (some: readonly MostAlike[]) => {
        for (const each of some) if (each.score >= leastScore) found.push(each)
      }
      for await (const { first, labels, vectors } of labelledTiles(context, dimensions)) {
        context.signal.throwIfAborted()
        for (const [at, label] of labels.entries()) {
          if (label < start || label >= end) continue
          note(clusters[label - start]!.push(first + at, vectors.subarray(at * dimensions, (at + 1) * dimensions)))
        }
      }
      for (const cluster of clusters) note(cluster.finish())
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

/** Tasks of neighbouring clusters that may be held together; `clusters-0-12` are the first twelve. */
async function clusterTasks(run: RunView): Promise<Task[]> {
  const { dimensions } = await readCentroids(run)
  const mostRows = heldBytes / (4 * dimensions)
  const sizes = await clusterSizes(run)
  const tasks: Task[] = []
  let [start, rows] = [0, 0]
  for (const [cluster, size] of sizes.entries()) {
    if (rows > 0 && rows + size > mostRows) {
      tasks.push({ id: `clusters-${start}-${cluster}` })
      start = cluster
      rows = 0
    }
    rows += size
  }
  if (rows > 0) tasks.push({ id: `clusters-${start}-${sizes.length}` })
  return tasks
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
      for await (const vectors of readVectorFile(join(scanned.folder, vectorFile), dimensions)) {
        const bytes = (await labels.next()).value as Uint8Array
        yield { first, labels: new Uint32Array(bytes.buffer, 0, bytes.length / 4), vectors }
        first += bytes.length / 4
      }
    } finally {
      await labels.return(undefined)
    }
  }
}
