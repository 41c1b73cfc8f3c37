import { z } from 'zod'
import { reinstructSelector } from '../../filters/reinstruct.js'
import type { Pass } from '../../run/types.js'
import type { Recipe, Resources } from '../types.js'
import { assignPass } from './assign.js'
import { choosePass } from './choose.js'
import type { JudgeText } from './corpus.js'
import { fetchPass } from './fetch.js'
import { writeChosenPass } from './finish.js'
import { type SelectionConfig, selectionOptions } from './options.js'
import { pilotPass } from './pilot.js'
import { polishPass, refinePass } from './polish.js'
import { scanPass } from './scan.js'
import { solvePass } from './solve.js'

/**
 * The passes every corpus recipe begins with: embed what `judge` lets through, cluster it by way of a coreset, and
 * choose `config.select` rows by quota. What they leave behind is read by `chosenRows` in fetch.ts.
 */
export function selectionPasses(
  config: SelectionConfig,
  resources: Resources,
  options: { judge: JudgeText; columns: 'text' | 'all' },
): Pass[] {
  return [
    pilotPass(config, resources, options.judge),
    scanPass(config, resources, options.judge),
    solvePass(config),
    polishPass(),
    refinePass(),
    assignPass(),
    choosePass(config),
    fetchPass(config, options.columns),
  ]
}

const options = z.object({
  ...selectionOptions,
  keep: z
    .enum(['all', 'light', 'right', 'strict'])
    .default('all')
    .describe('texts to choose from: all, or those a REInstruct selector keeps'),
})

/** The selection by itself: a diverse subset of a corpus, every column as it was. */
export const selectRecipe: Recipe<z.infer<typeof options>> = {
  name: 'select',
  summary: 'a diverse subset of a corpus: embed, cluster, choose by quota; no model',
  usesModel: false,
  options,
  passes(config, resources) {
    const judge = config.keep === 'all' ? () => undefined : reinstructSelector({ mode: config.keep })
    return [...selectionPasses(config, resources, { judge, columns: 'all' }), writeChosenPass()]
  },
}
