import { dedupRecipe } from '../recipes/dedup/index.js'
import { rethreshold } from '../recipes/dedup/rethreshold.js'
import type { Recipe } from '../recipes/types.js'
import { localOut } from './local-out.js'
import { readSettings, recipeFlags } from './recipe-flags.js'
import { report, runRecipe } from './run.js'
import type { Flag, Verb } from './verb.js'

const recipe = dedupRecipe as unknown as Recipe

const rethresholdFlag: Flag = {
  name: 'rethreshold',
  type: 'number',
  min: 0,
  max: 1,
  description: 'decides a finished run again from another likeness on, without comparing again',
}

export const dedupVerb: Verb = {
  operands: '<shards...>',
  example: "sluice dedup 'corpus/*.parquet' -o distinct --by minhash",
  flags: [...recipeFlags(recipe), rethresholdFlag],
  run: async (inputs, given, terminal) => {
    const { rethreshold: threshold, ...flags } = given
    const out = localOut(flags.out, 'an output folder', 'distinct')
    const asked = { ...flags, out, ...(threshold === undefined ? {} : { threshold }) }
    if (threshold !== undefined) {
      const { config } = await readSettings(recipe, asked)
      await rethreshold({ inputs, out: asked.out, config })
    }
    const outcome = await runRecipe(recipe.name, inputs, asked, terminal)
    if ('exitCode' in outcome) return outcome.exitCode
    report(outcome, terminal)
    return 0
  },
}
