import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeRows } from '../../../formats/index.js'
import { emptyTally } from '../../../run/tally.js'
import { type Pass, type RunView, reduceTask, type TaskContext } from '../../../run/types.js'
import { createQuotaPick } from '../../../select/quota.js'
import { compareIds } from '../../../select/weighted-rows.js'
import { countCommitted, readRows, reduced } from '../../pass/artifacts.js'
import { type Alike, alikeSchema } from '../alike-in-cluster.js'
import { readAssigned } from '../assign.js'
import type { BucketRow } from '../bucket-rows.js'
import { bucketsOf, openBuckets } from '../buckets.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { clusterPasses, readClusteredVectors } from '../clustered.js'
import { compareBucket, rowsInMemory, sortedRowBytes } from '../compare-bucket.js'
import { type SelectionConfig, spillPrecisionOf } from '../options.js'
import { readCentroids } from '../solve.js'
import { vectorBytes } from '../vector-bytes.js'
import type { Strategy } from './strategy.js'

/** Rows of a cluster, about, and most clusters. */
const [clusterRows, mostClusters] = [1000, 2000]

/** What `compare` leaves of the rows of a bucket. */
export const alikeFile = 'alike.parquet'

/**
 * SemDeDup (Abbas et al. 2023, arXiv 2303.09540, section 3): in each cluster of k-means rows stand in order of their distance
 * to the centroid, the farthest first, and a row leaves when its cosine with one before it is above 1 − epsilon. Epsilon is
 * here what leaves `select` rows: those least like any before them, the lower id on ties. Cosines are of whitened vectors.
 */
export const semdedupStrategy: Strategy<Record<never, never>> = {
  summary: 'rows least like another of their cluster',
  options: {},
  holds(_, dimensions) {
    const rows = rowsInMemory(dimensions)
    return {
      what: `${rows} rows of clusters of ${dimensions} dimensions`,
      rows,
      rowBytes: sortedRowBytes(dimensions),
    }
  },
  passes: (config, resources) => [
    ...clusterPasses(config, resources, (run) => clusterCount(run, config)),
    bucketPass(config),
    comparePass(config),
    choosePass(config, choose),
  ],
}

function clusterCount(run: RunView, { clusters }: SelectionConfig): number {
  const wanted = Math.ceil(countCommitted(run, ['scan']) / clusterRows)
  return clusters ?? Math.min(mostClusters, Math.max(1, wanted))
}

/** Sorts the rows by cluster into files that memory has room for, but where a cluster is larger. */
function bucketPass(config: SelectionConfig): Pass {
  return {
    name: 'bucket',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const { centroids, dimensions } = await readCentroids(context, 'refine')
      const sizes = await clusterSizes(context, centroids.length / dimensions)
      const bucketOf = bucketsOf(sizes, rowsInMemory(dimensions))
      const vectorsOf = vectorBytes(dimensions, spillPrecisionOf(config))
      const buckets = openBuckets(context.folder, (bucketOf.at(-1) ?? -1) + 1, vectorsOf)
      for (const scanned of context.committed('scan')) {
        for await (const { rows, vectors } of readClusteredVectors(context, scanned, dimensions)) {
          context.signal.throwIfAborted()
          for (const [at, { id, cluster, distance }] of rows.entries()) {
            const vector = vectors.subarray(at * dimensions, (at + 1) * dimensions)
            await buckets.push(bucketOf[cluster]!, { id, cluster, distance, vector })
          }
          context.progress(rows.length)
        }
      }
      await buckets.finish()
      return emptyTally
    },
  }
}

async function clusterSizes(run: RunView, clusters: number): Promise<Uint32Array> {
  const sizes = new Uint32Array(clusters)
  for (const scanned of run.committed('scan')) {
    for await (const { clusters: found } of readAssigned(run, scanned)) for (const cluster of found) sizes[cluster]!++
  }
  return sizes
}

/** Compares the rows of each cluster with those before them, a task a bucket. */
function comparePass(config: SelectionConfig): Pass {
  return {
    name: 'compare',
    async tasks(run) {
      const { folder } = reduced(run, 'bucket')
      return (await readdir(folder)).sort().map((id) => ({ id }))
    },
    async work({ id: file }, context) {
      const { dimensions } = await readCentroids(context, 'refine')
      const vectors = vectorBytes(dimensions, spillPrecisionOf(config))
      const compared = compareBucket(join(reduced(context, 'bucket').folder, file), { vectors, inCluster, context })
      await writeRows(join(context.folder, alikeFile), { schema: alikeSchema })(compared)
      return emptyTally
    },
  }
}

/** The farthest from the centroid first. */
function inCluster(a: BucketRow, b: BucketRow): number {
  return b.distance - a.distance || compareIds(a.id, b.id)
}

/** Takes the rows that are least like one before them; memory grows with the picks alone. */
async function choose(context: TaskContext, config: SelectionConfig): Promise<Choices> {
  const { select, seed } = config
  const pick = createQuotaPick<Alike & { place: Alike }>({ quotas: [select], seed, inside: 'nearest' })
  for (const { folder } of context.committed('compare')) {
    for await (const rows of readRows<Alike>(join(folder, alikeFile))) {
      for (const row of rows) pick.push({ ...row, cluster: 0, distance: row.alike, place: row })
    }
  }
  return new Map(pick.finish().map(({ place: { id, cluster, distance } }) => [id, { cluster, distance }]))
}
