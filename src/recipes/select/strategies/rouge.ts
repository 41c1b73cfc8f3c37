import type { TaskContext } from '../../../run/types.js'
import { uniform } from '../../../text/hash.js'
import type { Resources } from '../../types.js'
import { choosePass } from '../choose-pass.js'
import { type Chosen, inTurns } from '../chosen.js'
import type { SelectionConfig } from '../options.js'
import { poolSize, refuseMany } from '../pool.js'
import { heldAsTexts, holdTexts } from '../rouge-texts.js'
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
  holds: ({ select }) => heldAsTexts(poolSize(select)),
  ranking: ({ seed }) => ({ rank: ({ id }) => uniform(seed, id, 'rouge') }),
  passes(config, resources) {
    const named = { ...config, by: 'rouge' }
    refuseMany(named)
    return [choosePass(named, (context) => choose(context, named, resources))]
  },
}

async function choose(
  context: TaskContext,
  config: SelectionConfig & { by: string },
  { reading, memory }: Pick<Resources, 'reading' | 'memory'>,
): Promise<readonly Chosen[]> {
  const { select: k } = config
  const { texts, places } = await holdTexts(context, { count: poolSize(k), config, reading, memory })
  const { ids, scores } = await texts.choose({ k, first: places[0]?.id ?? '', signal: context.signal })
  const placeOf = new Map(places.map((place) => [place.id, place]))
  const turns = inTurns(
    ids,
    scores.map((score) => 1 - score),
  )
  return ids.map((id) => ({ ...placeOf.get(id)!, ...turns.get(id)! }))
}
