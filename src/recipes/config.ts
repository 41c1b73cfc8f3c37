import { z } from 'zod'
import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import type { Recipe } from './types.js'

/** One option of a recipe, as a flag, a config key and a line of help are made from it. */
export type OptionFacts = {
  /** The config key, camelCase; as a flag it is `--kebab-case`. */
  readonly name: string
  readonly type: 'string' | 'number' | 'integer' | 'boolean'
  readonly description: string
  readonly choices?: readonly string[]
  readonly default?: unknown
  readonly required: boolean
}

type Property = { type: OptionFacts['type']; description?: string; enum?: string[]; default?: unknown }

/** JSON Schema (draft 2020-12) of a recipe's options, as a config file spells them. */
export function optionsSchema(recipe: Recipe): Record<string, unknown> {
  return z.toJSONSchema(recipe.options, { io: 'input' }) as Record<string, unknown>
}

/** A recipe's options as plain facts. */
export function optionFacts(recipe: Recipe): OptionFacts[] {
  const schema = optionsSchema(recipe) as { properties: Record<string, Property>; required?: string[] }
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    type: property.type,
    description: property.description ?? '',
    required: schema.required?.includes(name) ?? false,
    ...(property.enum ? { choices: property.enum } : {}),
    ...(property.default === undefined ? {} : { default: property.default }),
  }))
}

/** The options with defaults filled in; anything unknown, missing or of a wrong kind is a {@link UsageError}. */
export function readConfig(recipe: Recipe, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const facts = optionFacts(recipe)
  const names = facts.map(({ name }) => name)
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue
    const near = suggest(name, names)
    throw new UsageError(`Unknown option \`${name}\` for recipe ${recipe.name}`, {
      fix: near ? `Did you mean \`${near}\`?` : `Its options are: ${names.join(', ')}.`,
    })
  }
  const parsed = recipe.options.safeParse(given)
  // An option given as undefined is one that was not given, and must not make another plan.
  if (parsed.success) return Object.fromEntries(Object.entries(parsed.data).filter(([, value]) => value !== undefined))
  const issue = parsed.error.issues[0]!
  const option = facts.find(({ name }) => name === issue.path[0])
  const flag = option ? flagName(option.name) : ''
  if (option && given[option.name] === undefined) {
    throw new UsageError(`Recipe ${recipe.name} needs ${flag}: ${option.description}`, {
      fix: option.name === 'model' ? modelFix : `Add ${flag}.`,
    })
  }
  throw new UsageError(
    `Expected a valid ${flag}, got ${JSON.stringify(given[String(issue.path[0])])}: ${issue.message}`,
    {
      fix: option?.choices ? `Choose one of ${option.choices.join(', ')}.` : `${flag}: ${option?.description}.`,
    },
  )
}

/** `textColumn` as a flag: `--text-column`. */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

const modelFix =
  'For example --model openai:NAME --endpoint http://localhost:8000/v1, or --model smollm2 after `sluice models pull smollm2`.'
