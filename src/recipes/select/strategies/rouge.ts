import { type Pass, reduceTask } from '../../../run/types.js'
import { uniform } from '../../../text/hash.js'
import { requireRows } from '../../artifacts.js'
import type { Resources } from '../../types.js'
import { inTurns, writeChosen } from '../chosen.js'
import type { SelectionConfig } from '../options.js'
import { poolSize, refuseMany } from '../pool.js'
import { holdTexts } from '../rouge-texts.js'
import type { Strategy } from './strategy.js'

/**
 * Farthest-first by ROUGE-L over a uniform sample: each time the text whose largest ROUGE-L F with those taken before is
 * least, the lower id on ties. The measure is that of SelectLLM's baseline Diversity (arXiv 2401.16553), which does not look
 * at what was taken: that is `rouge-others`.
 */
export const rougeStrategy: Strategy<Record<never, never>> = {
  summary: 'texts that share few words in order with each other',
  options: {},
  vectors: 'none',
  ranking: ({ seed }) => ({ rank: ({ id }) => uniform(seed, id, 'rouge') }),
  passes(config, { reading }) {
    const named = { ...config, by: 'rouge' }
    refuseMany(named)
    return [choosePass(named, reading)]
  },
}

function choosePass(config: SelectionConfig & { by: string }, reading: Resources['reading']): Pass {
  return {
    name: 'choose',
    tasks: async () => reduceTask,
    async work(_task, context) {
      requireRows(context, 'scan')
      const { select: k } = config
      const { texts, places } = await holdTexts(context, { count: poolSize(k), config, reading })
      const { ids, scores } = await texts.choose({ k, first: places[0]?.id ?? '', signal: context.signal })
      const placeOf = new Map(places.map((place) => [place.id, place]))
      const turns = inTurns(
        ids,
        scores.map((score) => 1 - score),
      )
      const chosen = ids.map((id) => ({ ...placeOf.get(id)!, ...turns.get(id)! }))
      return writeChosen(context, chosen, config)
    },
  }
}
