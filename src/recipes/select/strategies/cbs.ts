import { z } from 'zod'
import type { TaskContext } from '../../../run/types.js'
import { densityClusters, noise } from '../../../select/density-clusters.js'
import { farthestFirst } from '../../../select/farthest-first.js'
import { distancesFrom, nearestCentroid } from '../../../select/kernel/nearest.js'
import { takeRows, thinRows, type WeightedRows } from '../../../select/weighted-rows.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { inTurns } from '../chosen.js'
import type { SelectionConfig } from '../options.js'
import { coresetPool, refuseMany } from '../pool.js'
import type { Strategy } from './strategy.js'

const options = {
  minClusterSize: z.int().min(2).default(2).describe('cbs: fewest rows of a cluster of HDBSCAN'),
  minSamples: z.int().min(1).default(1).describe('cbs: the how-manieth neighbour a row is dense by'),
}

type CbsConfig = SelectionConfig & z.infer<z.ZodObject<typeof options>>

/** Most rows that HDBSCAN looks at; its time grows with their square. */
const clusteredRows = 10_000

/**
 * Coreset-based selection (the baselines CBS-SBERT and, with 6 and 4, CBS-Instruct of SelectLLM, arXiv 2401.16553): the means
 * of the clusters that HDBSCAN finds stand as centres, and farthest-first adds the rows farthest from them and each other.
 * Here over the coreset's rows and with the embedder's vectors, whitened.
 */
export const cbsStrategy: Strategy<typeof options> = {
  summary: 'far from where the corpus is dense, and from each other',
  options,
  passes(config) {
    refuseMany({ ...config, by: 'cbs' })
    return [choosePass(config, choose)]
  },
}

async function choose(context: TaskContext, config: CbsConfig): Promise<Choices> {
  const { signal } = context
  const { seed, select: k, minClusterSize, minSamples } = config
  const pool = await coresetPool(context, config)
  const { ids, vectors, dimensions } = pool
  const sample = thinRows(pool, clusteredRows, { seed, use: 'cbs' })
  const labels = await densityClusters({ ...sample, minClusterSize, minSamples, signal })
  const centres = meansOf(sample, labels)
  const distances = distancesFrom(vectors, dimensions)
  const { rows, gaps } = await farthestFirst(
    (row) => distances(vectors.subarray(row * dimensions, (row + 1) * dimensions)),
    {
      ...{ rows: ids.length, k, signal },
      ...(centres.length > 0 && {
        nearest: nearestCentroid(centres, dimensions).assign(vectors, ids.length).distances,
      }),
    },
  )
  const turns = inTurns(
    takeRows(pool, rows).ids,
    gaps.map((gap) => gap ** 2),
  )
  return turns
}

/** The mean of each cluster's rows, one after another. */
function meansOf({ vectors, dimensions }: WeightedRows, labels: Uint32Array): Float32Array {
  const found = labels.filter((label) => label !== noise)
  const clusters = found.length === 0 ? 0 : Math.max(...new Set(found)) + 1
  const sums = new Float64Array(clusters * dimensions)
  const sizes = new Uint32Array(clusters)
  for (const [row, label] of labels.entries()) {
    if (label === noise) continue
    sizes[label]!++
    for (let k = 0; k < dimensions; k++) sums[label * dimensions + k]! += vectors[row * dimensions + k]!
  }
  return Float32Array.from(sums, (sum, at) => sum / sizes[Math.floor(at / dimensions)]!)
}
