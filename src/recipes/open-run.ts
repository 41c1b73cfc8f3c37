import { type Ledger, openLedger } from '../run/ledger.js'
import { type RunFolder, readRunFolder } from '../run/run-folder.js'
import type { Pass } from '../run/types.js'
import type { PromptTexts } from './ask/prompt-texts.js'
import { recipeNamed } from './plan-run.js'
import type { Recipe, Resources } from './types.js'

/** A run folder with the recipe that made it; nothing in it is changed or taken hold of. */
export type OpenRun = RunFolder & {
  readonly recipe: Recipe
  readonly passes: readonly Pass[]
  readonly ledger: Ledger
}

export type OpenRunOptions = {
  /** For those who do a task again; by default there are none. */
  resources?: Resources
  texts?: PromptTexts | undefined
}

/** Opens a run folder to look at it; needs neither its corpus nor its model. */
export async function openRun(out: string, { resources, texts }: OpenRunOptions = {}): Promise<OpenRun> {
  const folder = await readRunFolder(out)
  const recipe = recipeNamed(folder.plan.recipe)
  const looking = resources ?? { ...noResources, reading: folder.plan.reading ?? {} }
  const passes = recipe.passes(folder.plan.config, looking, texts ?? recipe.prompts ?? {})
  return { ...folder, recipe, passes, ledger: openLedger(folder.plan, passes, folder.paths, folder.manifest) }
}

const noResources: Resources = {
  model: () => Promise.reject(new TypeError('A run that is only looked at asks no model')),
  embedder: () => Promise.reject(new TypeError('A run that is only looked at embeds nothing')),
  concurrency: 1,
  reading: {},
}
