import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { decodeArtifact, encodeArtifact } from '../../select/artifact.js'
import { nearestCentroid } from '../../select/kernel/nearest.js'
import { kmeans } from '../../select/kmeans.js'
import { readArtifact } from '../pass/artifacts.js'
import { readVectorFile, readVectorHead, vectorsFile } from '../select/vector-file.js'
import type { Resources } from '../types.js'
import type { DedupConfig } from './options.js'
import { numberRows, type RowNumbers } from './row-numbers.js'

/** The label of a row that has no vector. */
export const noCluster = 0xffffffff

/** The cluster of every row of a scan, a word each. */
export const labelFile = 'clusters.bin'
const sizesFile = 'sizes.bin'
const centroidsFile = 'centroids.bin'

/** Rows of a cluster, about, and the most clusters there may be. */
const [clusterRows, mostClusters] = [1000, 4096]

/** Finds cluster centres, about a thousand rows each, by k-means on rows dealt out evenly over the corpus. */
export function clusterPass({ seed }: DedupConfig, { memory }: Pick<Resources, 'memory'>): Pass {
  return {
    name: 'cluster',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const numbers = numberRows(context)
      const dimensions = await dimensionsOf(numbers)
      const k = Math.min(mostClusters, Math.max(1, Math.ceil(numbers.total / clusterRows)))
      const { ids, vectors } = await sampleRows(numbers, dimensions, Math.max(20_000, 32 * k))
      const { signal } = context
      const found = await kmeans({ ids, vectors, dimensions, k, seed, workers: memory?.workers, signal })
      await writeFile(
        join(context.folder, centroidsFile),
        encodeArtifact('centroids', { dimensions }, [found.centroids]),
      )
      return emptyTally
    },
  }
}

/** Gives every row that has a vector its nearest centre, and counts the rows of each. */
export function assignPass(): Pass {
  return {
    name: 'assign',
    apart: true,
    tasks: async (run) => run.committed('scan').map(({ task }) => task),
    async work(task, context) {
      const { centroids, dimensions } = await readCentroids(context)
      const scanned = context.committed('scan').find((scan) => scan.task.id === task.id)!
      const sizes = new Uint32Array(centroids.length / dimensions)
      const file = await open(join(context.folder, labelFile), 'w')
      try {
        if (sizes.length > 0) {
          const kernel = nearestCentroid(centroids, dimensions)
          for await (const tile of readVectorFile(join(scanned.folder, vectorsFile), dimensions)) {
            context.signal.throwIfAborted()
            const { labels } = kernel.assign(tile, tile.length / dimensions)
            for (let row = 0; row < labels.length; row++) {
              if (!hasVector(tile, row, dimensions)) labels[row] = noCluster
              else sizes[labels[row]!]!++
            }
            await file.writeFile(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength))
          }
        }
      } finally {
        await file.close()
      }
      await writeFile(join(context.folder, sizesFile), new Uint8Array(sizes.buffer))
      return emptyTally
    },
  }
}

/** How many rows each cluster has. */
export async function clusterSizes(run: RunView): Promise<Uint32Array> {
  const { centroids, dimensions } = await readCentroids(run)
  const sizes = new Uint32Array(centroids.length / dimensions)
  for (const { folder } of run.committed('assign')) {
    const bytes = await readFile(join(folder, sizesFile))
    for (let cluster = 0; cluster < sizes.length; cluster++) sizes[cluster]! += bytes.readUInt32LE(4 * cluster)
  }
  return sizes
}

/** The centres, and the length of every vector. */
export async function readCentroids(run: RunView): Promise<{ centroids: Float32Array; dimensions: number }> {
  const { fields, parts } = decodeArtifact('centroids', await readArtifact(run, 'cluster', centroidsFile))
  return { centroids: parts[0] as Float32Array, dimensions: fields.dimensions as number }
}

/** What the scan wrote tells it: an endpoint's vectors have the length that it gives them. */
async function dimensionsOf({ stretches }: RowNumbers): Promise<number> {
  const stretch = stretches.find(({ rows }) => rows > 0)
  return stretch ? (await readVectorHead(join(stretch.scanned.folder, vectorsFile))).dimensions : 1
}

async function sampleRows(numbers: RowNumbers, dimensions: number, most: number) {
  const step = Math.max(1, Math.ceil(numbers.total / most))
  const ids: string[] = []
  const vectors = new Float32Array(Math.ceil(numbers.total / step) * dimensions)
  for (const { scanned, first, rows } of numbers.stretches) {
    if (rows === 0) continue
    let row = first
    for await (const tile of readVectorFile(join(scanned.folder, vectorsFile), dimensions)) {
      for (let at = 0; at < tile.length / dimensions; at++, row++) {
        if (row % step !== 0 || !hasVector(tile, at, dimensions)) continue
        vectors.set(tile.subarray(at * dimensions, (at + 1) * dimensions), ids.length * dimensions)
        ids.push(String(row))
      }
    }
  }
  return { ids, vectors: vectors.subarray(0, ids.length * dimensions) }
}

function hasVector(tile: Float32Array, row: number, dimensions: number): boolean {
  for (let at = row * dimensions; at < (row + 1) * dimensions; at++) if (tile[at] !== 0) return true
  return false
}
