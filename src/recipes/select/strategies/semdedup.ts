import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Schema, writeRows } from '../../../formats/index.js'
import { emptyTally } from '../../../run/tally.js'
import { type Pass, type RunView, reduceTask, type TaskContext } from '../../../run/types.js'
import { createQuotaPick } from '../../../select/quota.js'
import { createSemanticDuplicates, type MostAlike } from '../../../select/semantic-duplicates.js'
import { compareIds } from '../../../select/weighted-rows.js'
import { UsageError } from '../../../stream/errors.js'
import { nextTurn } from '../../../stream/turn.js'
import { type MemoryBound, requireMemory } from '../../memory.js'
import { countCommitted, readRows, reduced } from '../../pass/artifacts.js'
import { readAssigned } from '../assign.js'
import { type BucketRow, bucketsOf, openBuckets, readBucket } from '../buckets.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { clusterPasses, readClusteredVectors } from '../clustered.js'
import type { SelectionConfig } from '../options.js'
import { readCentroids } from '../solve.js'
import type { Strategy } from './strategy.js'

/** Rows of a cluster, about; most clusters; and most bytes of one cluster's vectors. */
const [clusterRows, mostClusters, mostBytes] = [1000, 2000, 512 * 1024 * 1024]

/** Bytes of the vectors that others are compared with at a time, and of a row of a cluster beside its vector. */
const [blockBytes, besideVector] = [8 * 1024 * 1024, 400]

/** How like a row is to the one before it in its cluster that it is most like; -1 where none is before it. */
export type Alike = { id: string; cluster: number; distance: number; alike: number; of: string }
/** What `compare` leaves of the rows of a bucket. */
export const alikeFile = 'alike.parquet'
const alikeSchema: Schema = { id: 'string', cluster: 'int32', distance: 'float', alike: 'double', of: 'string' }

/**
 * SemDeDup (Abbas et al. 2023, arXiv 2303.09540, section 3): in each cluster of k-means rows stand in order of their distance
 * to the centroid, the farthest first, and a row leaves when its cosine with one before it is above 1 − epsilon. Epsilon is
 * here what leaves `select` rows: those least like any before them, the lower id on ties. Cosines are of whitened vectors.
 */
export const semdedupStrategy: Strategy<Record<never, never>> = {
  summary: 'rows least like another of their cluster',
  options: {},
  passes: (config, resources) => [
    ...clusterPasses(config, (run) => clusterCount(run, config)),
    bucketPass(resources.memory ?? {}),
    comparePass(),
    choosePass(config, choose),
  ],
}

function clusterCount(run: RunView, { clusters }: SelectionConfig): number {
  const wanted = Math.ceil(countCommitted(run, ['scan']) / clusterRows)
  return clusters ?? Math.min(mostClusters, Math.max(1, wanted))
}

/** Sorts the rows by cluster into files that memory has room for. */
function bucketPass(memory: MemoryBound): Pass {
  return {
    name: 'bucket',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const { centroids, dimensions } = await readCentroids(context, 'refine')
      const sizes = await clusterSizes(context, centroids.length / dimensions)
      for (const [cluster, size] of sizes.entries()) {
        if (size * dimensions * 4 > mostBytes) throw tooLarge(cluster, size)
        requireMemory(memory, size * (4 * dimensions + besideVector), {
          what: `the ${size} rows of cluster ${cluster}, which are compared with each other,`,
          fix: 'Allow more with --max-memory, or ask for more --clusters.',
        })
      }
      const bucketOf = bucketsOf(sizes, dimensions)
      const buckets = openBuckets(context.folder, (bucketOf.at(-1) ?? -1) + 1)
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
function comparePass(): Pass {
  return {
    name: 'compare',
    async tasks(run) {
      const { folder } = reduced(run, 'bucket')
      return (await readdir(folder)).sort().map((id) => ({ id }))
    },
    async work({ id: file }, context) {
      const { dimensions } = await readCentroids(context, 'refine')
      const path = join(reduced(context, 'bucket').folder, file)
      await writeRows(join(context.folder, alikeFile), { schema: alikeSchema })(comparisons(path, dimensions, context))
      return emptyTally
    },
  }
}

async function* comparisons(path: string, dimensions: number, context: TaskContext): AsyncGenerator<Alike[]> {
  const rows: BucketRow[] = []
  for await (const some of readBucket(path, dimensions)) for (const row of some) rows.push(row)
  // One cluster after another, each in its order.
  rows.sort((a, b) => a.cluster - b.cluster || b.distance - a.distance || compareIds(a.id, b.id))
  for (let start = 0; start < rows.length; ) {
    const { cluster } = rows[start]!
    let end = start + 1
    while (rows[end]?.cluster === cluster) end++
    const members = rows.slice(start, end)
    start = end
    yield await compare(members, dimensions, context)
    context.progress(members.length)
  }
}

/** Every row with those before it, a block of these at a time: the kernel takes several times the room of their vectors. */
async function compare(members: readonly BucketRow[], dimensions: number, { signal }: TaskContext): Promise<Alike[]> {
  const blockRows = Math.max(1024, Math.floor(blockBytes / (4 * dimensions)))
  const alike = members.map(({ id, cluster, distance }): Alike => ({ id, cluster, distance, alike: -1, of: '' }))
  const note = (found: readonly MostAlike[]) => {
    for (const { row, of, score } of found) {
      // On ties the first: what follows is of a later block.
      if (score > alike[row]!.alike) alike[row] = { ...alike[row]!, alike: score, of: members[of]!.id }
    }
  }
  const isEmpty = ({ vector }: BucketRow) => vector.every((value) => value === 0)
  // Texts without a known word are all one to the embedder.
  const empty = members.findIndex(isEmpty)
  const asEmpty = (row: number) => (row === empty ? [] : [{ row, of: empty, score: 1 }])
  for (let start = 0; start < members.length; start += blockRows) {
    const compared = createSemanticDuplicates(dimensions)
    for (let row = start; row < members.length; row++) {
      if (row % 256 === 0) await nextTurn(signal)
      const member = members[row]!
      if (row < start + blockRows) note(isEmpty(member) ? asEmpty(row) : compared.push(row, member.vector))
      else note(isEmpty(member) ? [] : compared.compare(row, member.vector))
    }
    note(compared.finish())
  }
  return alike
}

function tooLarge(cluster: number, rows: number): UsageError {
  return new UsageError(`Cluster ${cluster} has ${rows} rows, more than are compared with each other at once`, {
    fix: 'Leave out what is equal first (sluice dedup --by exact), or ask for more --clusters.',
  })
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
  const chosen = new Map(pick.finish().map(({ place: { id, cluster, distance } }) => [id, { cluster, distance }]))
  return chosen
}
