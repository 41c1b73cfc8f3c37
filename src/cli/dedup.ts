import { dedupRecipe } from '../recipes/dedup/index.js'
import { rethreshold } from '../recipes/dedup/rethreshold.js'
import type { Recipe } from '../recipes/types.js'
import { UsageError } from '../stream/errors.js'
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
    if (typeof flags.out !== 'string' || flags.out === '-') {
      throw new UsageError(`Expected an output folder, got ${flags.out ?? 'none'}`, { fix: 'Add -o distinct.' })
    }
    const asked = { ...flags, out: flags.out, ...(threshold === undefined ? {} : { threshold }) }
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
