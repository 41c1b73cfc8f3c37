import { uniform } from '../../../text/hash.js'
import { leastRankedBytes } from '../least-ranked.js'
import { chooseLeastPass } from '../ranked.js'
import type { Strategy } from './strategy.js'

/**
 * Any rows, each as likely as every other: those of least hash of seed and id, a uniform sample without replacement. The
 * baseline of every comparison (`Random` in SelectLLM, arXiv 2401.16553, section 4).
 */
export const random: Strategy<Record<never, never>> = {
  summary: 'any rows, each as likely as another',
  options: {},
  vectors: 'none',
  chosenBytes: leastRankedBytes,
  ranking: ({ seed }) => ({ rank: ({ id }) => uniform(seed, id, 'random') }),
  passes: (config) => [chooseLeastPass(config)],
}
