import { z } from 'zod'
import { uniform } from '../../../text/hash.js'
import { leastRankedBytes } from '../least-ranked.js'
import { chooseLeastPass } from '../ranked.js'
import { requireScoreColumn, type Strategy } from './strategy.js'

const options = {
  scoreTemperature: z
    .number()
    .min(0)
    .default(1)
    .describe('how much chance has a say beside the score: 0 takes the best scores, more comes nearer to any rows'),
}

/**
 * Rows drawn one after another without replacement, each time with probability ~ exp(score / temperature): the largest
 * score + temperature × G, G a Gumbel number hashed from seed and id (Gumbel top-k, Kool et al. 2019, arXiv 1903.06059; to
 * choose training data by quality QuRating, arXiv 2402.09739).
 */
export const gumbelStrategy: Strategy<typeof options> = {
  summary: 'drawn by the score in --score-column, better ones more often',
  options,
  vectors: 'none',
  chosenBytes: leastRankedBytes,
  ranking: (config) => {
    const { seed, scoreTemperature } = config
    const noise = (id: string) => -Math.log(-Math.log(uniform(seed, id, 'gumbel')))
    return {
      scoreColumn: requireScoreColumn(config),
      rank: ({ id, score }) => -(score! + scoreTemperature * noise(id)),
    }
  },
  passes: (config) => [chooseLeastPass(config)],
}
