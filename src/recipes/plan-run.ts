import { resolve, sep } from 'node:path'
import { findShards, type Shard } from '../formats/index.js'
import type { Plan } from '../run/types.js'
import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import { type GivenTexts, type PromptTexts, readPromptTexts } from './ask/prompt-texts.js'
import { readConfig } from './config.js'
import { recipes } from './index.js'
import type { Recipe, Resources } from './types.js'

export type PlanOptions = {
  out?: string | undefined
  config: Readonly<Record<string, unknown>>
  reading?: Resources['reading'] | undefined
}

/** A run that is fixed: the recipe, what the bytes depend on, and the wordings of its prompts. */
export type PlannedRun = { readonly recipe: Recipe; readonly plan: Plan; readonly texts: PromptTexts }

/** Fixes what a run's bytes depend on: finds the shards, fills in the options, looks for the files that options name. */
export async function planRun(
  recipeName: string,
  inputs: readonly string[],
  { out, config: given, reading }: PlanOptions,
): Promise<PlannedRun> {
  const recipe = recipeNamed(recipeName)
  const config = { ...readConfig(recipe, given), ...limitSettings(given, reading) }
  const bundled = inputs.length === 0 ? recipe.bundledInput?.(config) : undefined
  const shards = await plannedShards(bundled === undefined ? inputs : [bundled], out)
  return complete(recipe, { config, shards, reading })
}

/** The same run planned anew: with the files as they are now, so that a change since then shows. */
export async function planAgain({ recipe: name, config, shards, reading }: Plan): Promise<PlannedRun> {
  const now: Shard[] = []
  for (const { path, name } of shards) now.push(...(await findShards([path])).map((found) => ({ ...found, name })))
  return complete(recipeNamed(name), { config, shards: now, reading })
}

async function complete(
  recipe: Recipe,
  { config, shards, reading = {} }: Pick<Plan, 'config' | 'reading'> & { shards: readonly Shard[] },
): Promise<PlannedRun> {
  const wording = await givenTexts(recipe, config)
  const files = { ...(await plannedFiles(recipe, config)), ...(wording && { prompts: [wording.file] }) }
  const how = Object.keys(reading).length > 0 ? { reading } : {}
  const plan: Plan = { format: 2, recipe: recipe.name, config, shards, files, ...how }
  return { recipe, plan, texts: wording?.texts ?? recipe.prompts ?? {} }
}

/** What a limit refuses is left out with `onBadShard: skip`, so the output's bytes then depend on the limits too. */
function limitSettings({ onBadShard }: PlanOptions['config'], reading: PlanOptions['reading']): { limits?: unknown } {
  return onBadShard === 'skip' && reading?.limits !== undefined ? { limits: reading.limits } : {}
}

/** The recipe of that name; an unknown one is a {@link UsageError} with the names there are. */
export function recipeNamed(name: string): Recipe {
  const recipe = recipes[name]
  if (recipe) return recipe
  const near = suggest(name, Object.keys(recipes))
  throw new UsageError(`Unknown recipe \`${name}\``, {
    fix: near ? `Did you mean \`${near}\`?` : `The recipes are: ${Object.keys(recipes).join(', ')}.`,
  })
}

async function plannedShards(inputs: readonly string[], out: string | undefined): Promise<Shard[]> {
  if (inputs.includes('-')) {
    throw new UsageError('A run reads its corpus more than once, and stdin can be read once only', {
      fix: 'Save it first: sluice convert - -o corpus.parquet',
    })
  }
  for (const input of inputs) {
    if (out !== undefined && (resolve(out) + sep).startsWith(resolve(input) + sep)) {
      throw new UsageError(`The output ${out} lies inside the input ${input}, and would be read as a part of it`, {
        fix: 'Choose an output beside the corpus, or name the shards with a glob.',
      })
    }
  }
  return findShards(inputs)
}

async function plannedFiles(
  recipe: Recipe,
  config: Readonly<Record<string, unknown>>,
): Promise<Record<string, Shard[]>> {
  const files: Record<string, Shard[]> = {}
  for (const key of recipe.fileOptions ?? []) {
    if (typeof config[key] === 'string') files[key] = await findShards([config[key]])
  }
  return files
}

/** The prompts of a file named in the config, in the place of the recipe's own. */
async function givenTexts(
  recipe: Recipe,
  { prompts }: Readonly<Record<string, unknown>>,
): Promise<GivenTexts | undefined> {
  return recipe.prompts && typeof prompts === 'string' ? readPromptTexts(recipe.prompts, prompts) : undefined
}

/** The wordings that a run with this config goes by. */
export async function textsOf(recipe: Recipe, config: Readonly<Record<string, unknown>>): Promise<PromptTexts> {
  return (await givenTexts(recipe, config))?.texts ?? recipe.prompts ?? {}
}
