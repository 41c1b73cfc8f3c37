import { proseFilter } from '../../filters/prose.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { finishPass } from '../pass/finish.js'
import { selectionChain } from '../select/finish.js'
import { selectionPasses } from '../select/index.js'
import { foretellSelection } from '../select/sample.js'
import type { CallPlan, Recipe } from '../types.js'
import { type BackAndForthConfig, backAndForthOptions } from './options.js'
import { backAndForthStages } from './stages.js'
import { backAndForthTexts } from './texts.js'
import { backAndForthSchema, pairsFile, writePass } from './write.js'

/**
 * Back-and-forth translation (arXiv 2408.04614): texts get the instruction each answers, a judge scores the two, and what
 * it gives a 5 is rewritten as an answer close to the text. README.md has every figure.
 */
export const backAndForthRecipe: Recipe<BackAndForthConfig> = {
  name: 'back-and-forth',
  summary: 'texts get the instruction each answers, a judge keeps the best pairs, and their texts are rewritten',
  usesModel: true,
  options: backAndForthOptions,
  prompts: backAndForthTexts,
  passes(config, resources, texts) {
    return [
      ...selectionPasses(config, resources, {
        judge: proseFilter(config),
        judgeSettings: ['minChars', 'maxChars'],
        columns: 'text',
      }),
      writePass(config, resources, texts),
      finishPass({
        summary: 'Instruction and answer pairs written from a corpus by back-and-forth translation.',
        rows: { passes: ['write'], file: pairsFile },
        schema: async () => backAndForthSchema,
        chains: [[...selectionChain(config), 'write']],
        calls: callPlan(config, texts),
        reading: resources.reading,
      }),
    ]
  },
  calls: callPlan,
}

function callPlan(config: BackAndForthConfig, texts: PromptTexts): CallPlan {
  return {
    stages: Object.values(backAndForthStages(config, texts)),
    rows: ({ plan, ...view }) => foretellSelection(plan, config, { ...view, judge: proseFilter(config) }),
  }
}
