import type { PromptTexts } from '../ask/prompt-texts.js'
import { finishPass } from '../pass/finish.js'
import type { CallPlan, Recipe } from '../types.js'
import { type EvolConfig, evolOptions, roundsOf } from './options.js'
import { outcomeTables } from './outcomes.js'
import { evolTexts } from './prompts.js'
import { foretellPool, readPass } from './read.js'
import { evolvedFile, evolvedSchema, roundName, roundPass } from './round.js'
import { callsOf } from './stages.js'

/**
 * Evol-Instruct (WizardLM, arXiv 2304.12244): instructions become harder or rarer ones, round by round, and each is
 * answered. README.md has every figure.
 */
export const evolInstructRecipe: Recipe<EvolConfig> = {
  name: 'evol-instruct',
  summary: 'instructions become harder or rarer ones, round by round, each with its answer',
  usesModel: true,
  options: evolOptions,
  prompts: evolTexts,
  passes(config, resources, texts) {
    const rounds = roundsOf(config)
    const names = rounds.map(roundName)
    return [
      readPass(config, resources),
      ...rounds.map((round) => roundPass(round, { config, resources, texts })),
      finishPass({
        summary: 'Instructions evolved by Evol-Instruct, with their answers.',
        rows: { passes: names, file: evolvedFile },
        schema: async () => evolvedSchema,
        // Every later round takes the pool in once more, by a door of its own.
        chains: [['read', roundName(1)], ...names.slice(1).map((name) => [name])],
        tables: (run) => outcomeTables(run, names),
        calls: callPlan(config, texts),
        reading: resources.reading,
      }),
    ]
  },
  calls: callPlan,
}

function callPlan(config: EvolConfig, texts: PromptTexts): CallPlan {
  return {
    stages: callsOf(roundsOf(config), config, texts),
    rows: (view) => foretellPool(view, config),
  }
}
