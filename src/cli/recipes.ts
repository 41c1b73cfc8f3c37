import { optionFacts } from '../recipes/config.js'
import { recipes } from '../recipes/index.js'
import type { Verb } from './verb.js'

export const recipesVerb: Verb = {
  operands: '',
  example: 'sluice recipes',
  flags: [],
  run: async (_operands, _flags, terminal) => {
    if (terminal.json) {
      const list = Object.values(recipes).map((recipe) => ({
        name: recipe.name,
        summary: recipe.summary,
        usesModel: recipe.usesModel,
        options: optionFacts(recipe),
        ...(recipe.prompts ? { prompts: recipe.prompts } : {}),
      }))
      terminal.out(JSON.stringify({ recipes: list }))
    } else for (const { name, summary } of Object.values(recipes)) terminal.out(`${name.padEnd(16)} ${summary}`)
    return 0
  },
}
