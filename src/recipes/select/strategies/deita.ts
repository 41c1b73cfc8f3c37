import { z } from 'zod'
import type { TaskContext } from '../../../run/types.js'
import { createGreedyCosine } from '../../../select/greedy-cosine.js'
import { readByRank } from '../by-rank.js'
import { type Choices, choosePass } from '../choose-pass.js'
import type { Chosen } from '../chosen.js'
import { heldByRank } from '../held.js'
import { readDimensions } from '../vectors.js'
import { requireScoreColumn, type Strategy, type StrategyConfig } from './strategy.js'

const options = {
  maxCosine: z
    .number()
    .min(-1)
    .max(1)
    .default(0.9)
    .describe('most that a row may be like one of a better score that was taken, by cosine'),
}

type DeitaConfig = StrategyConfig & z.infer<z.ZodObject<typeof options>>

/** Rows of the ranking that are in memory at a time. */
const rowsAtOnce = (select: number) => Math.max(16_384, select)

/**
 * DEITA (Liu et al. 2024, arXiv 2312.15685, section 2.3): rows by score, the best first and the lower id on ties, each taken
 * unless its cosine with one taken before is above `maxCosine`, until there are enough. Fewer where the corpus ends first.
 */
export const deitaStrategy: Strategy<typeof options> = {
  summary: 'by the score in --score-column, the best first, but none too like one taken before',
  options,
  vectors: 'plain',
  mayEndEarly: true,
  holds: ({ select }, dimensions) => heldByRank(rowsAtOnce(select), dimensions),
  ranking: (config) => ({ scoreColumn: requireScoreColumn(config), rank: ({ score }) => -score! }),
  passes: (config) => [choosePass(config, choose, { mayEndEarly: true })],
}

async function choose(context: TaskContext, config: DeitaConfig): Promise<Choices> {
  const { select, maxCosine } = config
  const dimensions = await readDimensions(context)
  const taken = new Map<string, Pick<Chosen, 'cluster' | 'distance'>>()
  if (dimensions > 0) {
    // Rounding puts the cosine of a vector with itself a hair above 1.
    const greedy = createGreedyCosine(dimensions, maxCosine === 1 ? Number.POSITIVE_INFINITY : maxCosine)
    for await (const { ids, vectors } of readByRank(context, { dimensions, rows: rowsAtOnce(select) })) {
      for (const [n, { isAccepted, cosine }] of greedy.consider(vectors).entries()) {
        if (!isAccepted || taken.size === select) continue
        const distance = taken.size === 0 ? 0 : Math.max(0, 2 - 2 * cosine)
        taken.set(ids[n]!, { cluster: taken.size, distance })
      }
      if (taken.size === select) break
    }
  }
  return taken
}
