import { z } from 'zod'
import type { TaskContext } from '../../../run/types.js'
import { maximalMarginalRelevance } from '../../../select/mmr.js'
import { type RankedRows, readByRank } from '../by-rank.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { inTurns } from '../chosen.js'
import { heldByRank } from '../held.js'
import { poolSize, refuseMany } from '../pool.js'
import { readDimensions } from '../vectors.js'
import { requireScoreColumn, type Strategy, type StrategyConfig } from './strategy.js'

const options = {
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('share of the score beside being unlike the rows taken: 1 takes the best scores'),
}

type MmrConfig = StrategyConfig & z.infer<z.ZodObject<typeof options>>

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998) over the rows of the best scores: each time the row of the
 * largest lambda × score − (1 − lambda) × its largest cosine with one taken before, the better score on ties and then the
 * lower id. Scores are brought to 0 … 1 over the rows looked at. Like the original it reorders the top of a ranking.
 */
export const mmrStrategy: Strategy<typeof options> = {
  summary: 'by the score in --score-column, less the likeness to those taken before',
  options,
  vectors: 'plain',
  holds: ({ select }, dimensions) => heldByRank(poolSize(select), dimensions),
  ranking: (config) => ({ scoreColumn: requireScoreColumn(config), rank: ({ score }) => -score! }),
  passes(config) {
    refuseMany({ ...config, by: 'mmr' })
    return [choosePass(config, choose)]
  },
}

async function choose(context: TaskContext, config: MmrConfig): Promise<Choices> {
  const { select: k, lambda } = config
  const dimensions = await readDimensions(context)
  if (dimensions === 0) return []
  const ranking = readByRank(context, { dimensions, rows: poolSize(k) })
  const { ids, ranks, vectors } = (await ranking.next()).value as RankedRows
  await ranking.return(undefined)
  const span = ranks.at(-1)! - ranks[0]!
  const relevance = ranks.map((rank) => (span > 0 ? (ranks.at(-1)! - rank) / span : 0))
  const { signal } = context
  const found = await maximalMarginalRelevance({ vectors, dimensions, relevance, k, lambda, signal })
  const turns = inTurns(
    Array.from(found.rows, (row) => ids[row]!),
    found.cosines.map((cosine) => Math.max(0, 2 - 2 * cosine)),
  )
  return turns
}
