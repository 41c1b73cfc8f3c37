import type { TaskContext } from '../../run/types.js'
import { type Alike, compareInBlocks } from './alike-in-cluster.js'
import { type BucketRow, readBucket } from './bucket-rows.js'
import { heldRows, rowsOfFile, type SortedRows, sortRows } from './sorted-rows.js'
import type { VectorBytes } from './vector-bytes.js'

/** Bytes of rows that are put in order in memory, of a row beside its vector, and of vectors that others are compared with. */
const [sortedBytes, besideVector, blockBytes] = [64 * 1024 * 1024, 400, 8 * 1024 * 1024]

/** Bytes of a row that waits to be put in order. */
export function sortedRowBytes(dimensions: number): number {
  return 4 * dimensions + besideVector
}

/** Rows that are put in order in memory; a cluster of more has a bucket to itself. */
export function rowsInMemory(dimensions: number): number {
  return Math.max(1, Math.floor(sortedBytes / sortedRowBytes(dimensions)))
}

export type CompareBucketOptions = {
  vectors: VectorBytes
  /** Puts the rows of a cluster in order; default as they stand in the bucket. */
  inCluster?: (a: BucketRow, b: BucketRow) => number
  context: TaskContext
}

/**
 * Compares the rows of each cluster of a bucket with those before them: cluster after cluster, each in its order. However large
 * a cluster, memory holds {@link rowsInMemory} rows and a block.
 */
export async function* compareBucket(
  path: string,
  { vectors, inCluster, context }: CompareBucketOptions,
): AsyncGenerator<readonly Alike[]> {
  const { dimensions } = vectors
  const { folder, signal, progress } = context
  const blockRows = Math.max(1024, Math.floor(blockBytes / (4 * dimensions)))
  const sorted = await clusterByCluster(path, { vectors, inCluster, context })
  // Rows that memory had no room for are all of one cluster.
  for (const cluster of sorted.held ? clustersOf(sorted.held) : [sorted]) {
    for await (const found of compareInBlocks(cluster, { dimensions, blockRows, folder, signal })) {
      yield found
      progress(found.length)
    }
  }
  await sorted.remove()
}

async function clusterByCluster(
  path: string,
  { vectors, inCluster, context }: CompareBucketOptions,
): Promise<SortedRows> {
  const most = rowsInMemory(vectors.dimensions)
  if (inCluster === undefined) {
    const whole = await rowsOfFile(path, vectors)
    if (whole.count > most) return whole
  }
  const compare = (a: BucketRow, b: BucketRow) => a.cluster - b.cluster || (inCluster?.(a, b) ?? 0)
  return sortRows(readBucket(path, vectors), { compare, vectors, most, folder: context.folder })
}

function* clustersOf(rows: readonly BucketRow[]): Generator<SortedRows> {
  for (let start = 0; start < rows.length; ) {
    let end = start + 1
    while (rows[end]?.cluster === rows[start]!.cluster) end++
    yield heldRows(rows.slice(start, end))
    start = end
  }
}
