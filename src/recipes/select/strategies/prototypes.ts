import { z } from 'zod'
import type { TaskContext } from '../../../run/types.js'
import { countCommitted } from '../../pass/artifacts.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { clusterPasses, readClustered } from '../clustered.js'
import { type Candidate, leastRanked, leastRankedBytes } from '../least-ranked.js'
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
  chosenBytes: leastRankedBytes,
  passes: (config, resources) => [...clusterPasses(config, resources), choosePass(config, choose)],
}

/** All clusters are one group. */
async function choose(context: TaskContext, { prototypes, select }: PrototypesConfig): Promise<Choices> {
  const sign = prototypes === 'hard' ? -1 : 1
  async function* candidates(): AsyncGenerator<Candidate[]> {
    for (const scanned of context.committed('scan')) {
      for await (const rows of readClustered(context, scanned)) {
        yield rows.map((place) => ({ id: place.id, cluster: 0, distance: sign * place.distance, place }))
      }
    }
  }
  return leastRanked(candidates, [Math.min(select, countCommitted(context, ['scan']))])
}
