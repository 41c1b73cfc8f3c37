import { z } from 'zod'
import type { TaskContext } from '../../../run/types.js'
import { createQuotaPick } from '../../../select/quota.js'
import { type Choices, choosePass } from '../choose-pass.js'
import type { Chosen } from '../chosen.js'
import { clusterPasses, readClustered } from '../clustered.js'
import type { SelectionConfig } from '../options.js'
import type { Strategy } from './strategy.js'

const options = {
  prototypes: z
    .enum(['hard', 'easy'])
    .default('hard')
    .describe('rows to take: farthest from their centroid, good of much data, or nearest, good of little'),
}

type PrototypesConfig = SelectionConfig & { prototypes: 'hard' | 'easy' }

/**
 * Self-supervised prototypes (Sorscher et al. 2022, arXiv 2206.14486, section 6): rows by distance to the centroid of their
 * own cluster, over the whole corpus, the farthest (hard) or the nearest (easy), the lower id on ties.
 */
export const prototypesStrategy: Strategy<typeof options> = {
  summary: 'rows least or most like the middle of their cluster',
  options,
  passes: (config) => [...clusterPasses(config), choosePass(config, choose)],
}

/** One heap for all clusters: memory grows with the picks alone. */
async function choose(context: TaskContext, config: PrototypesConfig): Promise<Choices> {
  const inside = config.prototypes === 'hard' ? 'farthest' : 'nearest'
  const pick = createQuotaPick<{ id: string; cluster: number; distance: number; row: Chosen }>({
    quotas: [config.select],
    seed: config.seed,
    inside,
  })
  for (const scanned of context.committed('scan')) {
    for await (const rows of readClustered(context, scanned)) {
      for (const row of rows) pick.push({ id: row.id, cluster: 0, distance: row.distance, row })
    }
  }
  const chosen = pick.finish().map(({ row }) => row)
  return chosen
}
