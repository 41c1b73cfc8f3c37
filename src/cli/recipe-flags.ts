import { readFile } from 'node:fs/promises'
import { optionFacts } from '../recipes/config.js'
import type { Recipe } from '../recipes/types.js'
import { UsageError } from '../stream/errors.js'
import { readYaml } from '../text/yaml.js'
import type { Flag, Flags } from './verb.js'

/** Flags of every run that say where and how, and change no byte of the output. */
const runFlags: readonly Flag[] = [
  { name: 'out', short: 'o', type: 'string', description: 'folder of the run; the same command resumes it' },
  { name: 'config', type: 'string', description: 'YAML file of the same options; flags override it' },
]

export const maxFailedFlag: Flag = {
  name: 'maxFailed',
  type: 'number',
  default: 0.01,
  min: 0,
  max: 1,
  description: 'share of failed rows beyond which to exit with 1',
}

const endpointFlags: readonly Flag[] = [
  { name: 'apiKeyEnv', type: 'string', description: "environment variable that holds the endpoint's key" },
  { name: 'allowHttp', type: 'boolean', description: 'allow http:// to other machines than this one' },
]

export const pricesFlag: Flag = {
  name: 'prices',
  type: 'string',
  description: 'YAML file of prices, `openai:NAME: {input: 0.15, output: 0.6}`, dollars for a million tokens',
}

const modelFlags: readonly Flag[] = [
  { name: 'concurrency', type: 'integer', default: 8, min: 1, description: 'calls in flight at once' },
  { name: 'journal', type: 'string', description: 'folder of replies to share between runs' },
]

const planFlags: readonly Flag[] = [
  { name: 'dryRun', type: 'boolean', description: 'count rows, calls, tokens and price, and ask nothing' },
  pricesFlag,
]

/** The flags that say how this machine runs a recipe. */
export function machineFlags(recipe: Recipe): readonly Flag[] {
  return [...endpointFlags, ...(recipe.usesModel ? modelFlags : [])]
}

/** The flags of a recipe beside those of every run. */
export function recipeFlags(recipe: Recipe): Flag[] {
  const own = optionFacts(recipe).map(({ required: _, ...option }) => option)
  const planned = recipe.calls === undefined ? [] : planFlags
  return [...runFlags, maxFailedFlag, ...own, ...machineFlags(recipe), ...planned]
}

/** The recipe's options and the machine's, from `--config` and the flags over it. */
export async function readSettings(recipe: Recipe, flags: Flags): Promise<{ config: Flags; machine: Flags }> {
  const fromFile = await readConfigFile(flags.config)
  const machine = pick({ ...fromFile, ...flags }, machineFlags(recipe))
  const known = Object.entries(fromFile).filter(([name]) => !(name in machine))
  return { config: { ...Object.fromEntries(known), ...pick(flags, optionFacts(recipe)) }, machine }
}

async function readConfigFile(path: unknown): Promise<Flags> {
  if (typeof path !== 'string') return {}
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`Cannot read the config file ${path}: ${(cause as Error).message}`, { cause })
  }
  const config = readYaml(text, path)
  if (config === null || typeof config !== 'object' || Array.isArray(config)) {
    throw new UsageError(`Expected ${path} to hold options, one \`name: value\` a line`)
  }
  return config as Flags
}

function pick(flags: Flags, wanted: readonly { name: string }[]): Flags {
  const names = wanted.map(({ name }) => name).filter((name) => flags[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, flags[name]]))
}
