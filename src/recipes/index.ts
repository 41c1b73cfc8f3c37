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

/** Every recipe, by name. A new one is a folder and a line here. */
export const recipes: Readonly<Record<string, Recipe>> = {
  'back-and-forth': backAndForthRecipe as unknown as Recipe,
  deita: deitaRecipe as unknown as Recipe,
  embed: embedRecipe as unknown as Recipe,
  'evol-instruct': evolInstructRecipe as unknown as Recipe,
  dedup: dedupRecipe as unknown as Recipe,
  filter: filterRecipe as unknown as Recipe,
  humpback: humpbackRecipe as unknown as Recipe,
  ifd: ifdRecipe as unknown as Recipe,
  kun: kunRecipe as unknown as Recipe,
  magpie: magpieRecipe as unknown as Recipe,
  reinstruct: reinstructRecipe as unknown as Recipe,
  select: selectRecipe as unknown as Recipe,
  'select-llm': selectLlmRecipe as unknown as Recipe,
  'self-instruct': selfInstructRecipe as unknown as Recipe,
}
