import { z } from 'zod'
import { codePointLength } from '../../../text/words.js'
import { leastRankedBytes } from '../least-ranked.js'
import { chooseLeastPass } from '../ranked.js'
import type { Strategy } from './strategy.js'

const options = {
  length: z.enum(['longest', 'shortest']).default('longest').describe('which texts to take, by characters'),
}

/**
 * The longest or the shortest texts by Unicode characters, the lower id on ties (`Length` in SelectLLM, arXiv 2401.16553,
 * section 4; as a strong baseline Zhao et al., arXiv 2402.04833).
 */
export const lengthStrategy: Strategy<typeof options> = {
  summary: 'the longest or the shortest texts',
  options,
  vectors: 'none',
  chosenBytes: leastRankedBytes,
  ranking({ length }) {
    const sign = length === 'shortest' ? 1 : -1
    return { rank: ({ text }) => sign * codePointLength(text) }
  },
  passes: (config) => [chooseLeastPass(config)],
}
