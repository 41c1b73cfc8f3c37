import { embedRecipe } from '../recipes/embed/index.js'
import type { Recipe } from '../recipes/types.js'
import { localOut } from './local-out.js'
import { recipeFlags } from './recipe-flags.js'
import { report, runRecipe } from './run.js'
import type { Verb } from './verb.js'

export const embedVerb: Verb = {
  operands: '<shards...>',
  example: "sluice embed 'corpus/*.parquet' -o vectors --precision int8",
  flags: recipeFlags(embedRecipe as unknown as Recipe),
  run: async (inputs, flags, terminal) => {
    const out = localOut(flags.out, 'an output folder', 'vectors')
    const outcome = await runRecipe(embedRecipe.name, inputs, { ...flags, out }, terminal)
    if ('exitCode' in outcome) return outcome.exitCode
    report(outcome, terminal)
    return 0
  },
}
