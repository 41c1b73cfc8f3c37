import { z } from 'zod'
import type { TaskContext } from '../../../run/types.js'
import { quotas, rankInside } from '../../../select/quota.js'
import { readAssigned } from '../assign.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { type Clustered, clusterPasses, readClustered } from '../clustered.js'
import { type Candidate, leastRanked, leastRankedBytes } from '../least-ranked.js'
import type { SelectionConfig } from '../options.js'
import { readCentroids } from '../solve.js'
import { requireScoreColumn, type Strategy } from './strategy.js'

const options = {
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('quota of a cluster ~ its size to this power: 1 proportional, 0 uniform'),
  inside: z
    .enum(['random', 'nearest', 'farthest', 'score'])
    .default('random')
    .describe('which rows of a cluster to take; score: the best by --score-column'),
}

type QuotaConfig = SelectionConfig & z.infer<z.ZodObject<typeof options>>

/** Clusters the corpus and takes from each its share of the rows. */
export const quota: Strategy<typeof options> = {
  summary: 'each cluster gives its share',
  options,
  chosenBytes: leastRankedBytes,
  ranking: (config) =>
    config.inside === 'score' ? { scoreColumn: requireScoreColumn(config), rank: ({ score }) => -score! } : undefined,
  passes: (config, resources) => [...clusterPasses(config, resources), choosePass(config, choose)],
}

/** Shares `config.select` among the clusters and picks that many rows of each. */
async function choose(context: TaskContext, config: QuotaConfig): Promise<Choices> {
  const { centroids, dimensions } = await readCentroids(context, 'refine')
  const counts = new Float64Array(centroids.length / dimensions)
  for (const scanned of context.committed('scan')) {
    for await (const { clusters } of readAssigned(context, scanned)) {
      for (const cluster of clusters) counts[cluster]!++
    }
  }
  const { alpha, inside, seed } = config
  const rankOf = (row: Clustered) => (inside === 'score' ? row.rank! : rankInside(row, { seed, inside }))
  async function* candidates(): AsyncGenerator<Candidate[]> {
    for (const scanned of context.committed('scan')) {
      for await (const rows of readClustered(context, scanned)) {
        yield rows.map((place) => ({ id: place.id, cluster: place.cluster, distance: rankOf(place), place }))
      }
    }
  }
  return leastRanked(candidates, quotas(counts, config.select, { alpha }))
}
