import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { type Coreset, createSketch, decodeSketch } from '../../select/coreset.js'
import { kmeans } from '../../select/kmeans.js'
import { countCommitted, readArtifact, requireRows } from '../pass/artifacts.js'
import type { Resources } from '../types.js'
import { clusterCount, coresetSize, type SelectionConfig } from './options.js'
import { readPinned } from './pilot.js'

/** k centroids as one row-major matrix. */
export type Centroids = { readonly centroids: Float32Array; readonly dimensions: number }

/**
 * Merges the sketches of all shards into one coreset and clusters it, into as many clusters as the config or `k` says and in as many
 * threads as the run has.
 */
export function solvePass(
  config: SelectionConfig,
  { memory }: Pick<Resources, 'memory'>,
  k: (run: RunView) => number = () => clusterCount(config),
): Pass {
  return {
    name: 'solve',
    tasks: async () => reduceTask,
    async work(_task, { plan, committed, folder, signal }) {
      requireRows({ plan, committed }, 'scan')
      const coreset = await mergeSketches({ plan, committed }, config)
      const { dimensions } = coreset
      const how = { k: k({ plan, committed }), seed: config.seed, workers: memory?.workers, signal }
      const { centroids } = await kmeans({ ...coreset, ...how })
      await writeCentroids(join(folder, 'centroids.bin'), { centroids, dimensions })
      return emptyTally
    },
  }
}

/** The coreset of the whole corpus. */
export async function mergeSketches(run: RunView, config: SelectionConfig): Promise<Coreset> {
  const { pilot } = await readPinned(run)
  const expected = countCommitted(run, ['scan'])
  const merged = createSketch({ pilot, size: coresetSize(config), seed: config.seed, expected })
  for (const { folder } of run.committed('scan')) {
    merged.merge(decodeSketch(await readFile(join(folder, 'sketch.bin')), { pilot }))
  }
  return merged.finish()
}

/** Whether the coreset is the corpus: every kept row, each at weight 1. */
export function isWhole(run: RunView, config: SelectionConfig): boolean {
  return countCommitted(run, ['scan']) <= coresetSize(config)
}

/** Writes centroids as: dimensions (uint32), then the matrix (float32), little-endian. */
export async function writeCentroids(path: string, { centroids, dimensions }: Centroids): Promise<void> {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(dimensions)
  await writeFile(
    path,
    Buffer.concat([head, Buffer.from(centroids.buffer, centroids.byteOffset, centroids.byteLength)]),
  )
}

/** Reads the centroids that a pass left. */
export async function readCentroids(run: RunView, pass: string): Promise<Centroids> {
  const bytes = await readArtifact(run, pass, 'centroids.bin')
  // Copied, because a float32 view must begin at a multiple of four of its buffer.
  const centroids = new Float32Array(new Uint8Array(bytes.subarray(4)).buffer)
  return { dimensions: bytes.readUInt32LE(), centroids }
}
