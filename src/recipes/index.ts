import { backAndForthRecipe } from './back-and-forth/index.js'
import { dedupRecipe } from './dedup/index.js'
import { deitaRecipe } from './deita/index.js'
import { embedRecipe } from './embed/index.js'
import { evolInstructRecipe } from './evol-instruct/index.js'
import { filterRecipe } from './filter/index.js'
import { humpbackRecipe } from './humpback/index.js'
import { ifdRecipe } from './ifd/index.js'
import { kunRecipe } from './kun/index.js'
import { magpieRecipe } from './magpie/index.js'
import { reinstructRecipe } from './reinstruct/index.js'
import { selectRecipe } from './select/index.js'
import { selectLlmRecipe } from './select-llm/index.js'
import { selfInstructRecipe } from './self-instruct/index.js'
import type { Recipe } from './types.js'

/** A new recipe is a folder and a line here. */
const table = [
  backAndForthRecipe,
  deitaRecipe,
  embedRecipe,
  evolInstructRecipe,
  dedupRecipe,
  filterRecipe,
  humpbackRecipe,
  ifdRecipe,
  kunRecipe,
  magpieRecipe,
  reinstructRecipe,
  selectRecipe,
  selectLlmRecipe,
  selfInstructRecipe,
]

/** Every recipe, by name. What runs one hands it settings that its own schema has read, so their type may go. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  table.map((recipe) => [recipe.name, recipe as unknown as Recipe]),
)
