import { readFile } from 'node:fs/promises'
import { readPrices } from '../models/prices.js'
import { optionFacts } from '../recipes/config.js'
import type { MachineOptions } from '../recipes/resources.js'
import type { Recipe } from '../recipes/types.js'
import { UsageError } from '../stream/errors.js'
import { readYaml } from '../text/yaml.js'
import { localOut } from './local-out.js'
import { readingOf, shardFlags } from './shard-flags.js'
import { sizeFlag } from './size-flag.js'
import type { Flag, Flags } from './verb.js'

/** Flags of every run that say where and how, and change no byte of the output. */
const runFlags: readonly Flag[] = [
  { name: 'out', short: 'o', type: 'string', description: 'folder of the run; the same command resumes it' },
  { name: 'config', type: 'string', description: 'YAML file of the same options; flags override it' },
]

const workersFlag: Flag = {
  name: 'workers',
  type: 'integer',
  default: 1,
  min: 1,
  description: 'threads that read, filter and embed side by side; each beyond the first takes about 100 MB',
}

const memoryFlag: Flag = {
  name: 'maxMemory',
  type: 'string',
  description: 'most memory this process may take, such as 512m; refused where that is not enough (exit code 2)',
}

const vectorsFlag: Flag = {
  name: 'vectors',
  type: 'string',
  description: 'folder of vectors to share between runs (default: inside the run, and none for --embedder static)',
}

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
  { name: 'apiKeyFile', type: 'string', description: 'file that holds the key and that its owner alone can read' },
  { name: 'allowHttp', type: 'boolean', description: 'allow http:// to other machines than this one' },
]

/** The key of an embedder at an endpoint, which the model's is not sent to. */
export const embedderKeyFlags: readonly Flag[] = [
  {
    name: 'embedderApiKeyEnv',
    type: 'string',
    description: "environment variable that holds the embedding endpoint's key",
  },
  { name: 'embedderApiKeyFile', type: 'string', description: 'file that holds it and that its owner alone can read' },
]

const pricesFlag: Flag = {
  name: 'prices',
  type: 'string',
  description:
    'YAML file of prices, `openai:NAME: {input: 0.15, output: 0.6, batch: 0.5}`, dollars for a million tokens',
}

/** How fast an endpoint is asked, be it for replies or for vectors. */
const paceFlags: readonly Flag[] = [
  { name: 'concurrency', type: 'integer', default: 8, min: 1, description: 'calls in flight at once' },
  { name: 'requestsPerMinute', type: 'integer', min: 1, description: 'most requests sent in a minute' },
]

const modelFlags: readonly Flag[] = [
  ...paceFlags,
  { name: 'alsoAt', type: 'string', description: 'further endpoints of the same model, with commas between' },
  { name: 'batch', type: 'boolean', description: 'ask openai: models in batches, cheaper and within a day' },
  {
    name: 'batchSize',
    type: 'integer',
    default: 10_000,
    min: 1,
    max: 50_000,
    description: 'most requests of a batch, and rows under way at once',
  },
  {
    name: 'batchPoll',
    type: 'number',
    default: 60,
    min: 0.01,
    description: 'most seconds between two looks at a batch',
  },
  {
    name: 'tokensPerMinute',
    type: 'integer',
    min: 1,
    description: 'most tokens sent and asked for in a minute',
  },
  {
    name: 'timeout',
    type: 'number',
    min: 0.1,
    description: 'most seconds a call may take (default 60 until its answer begins, 30 while it pauses, 600 in all)',
  },
  { name: 'journal', type: 'string', description: 'folder of replies to share between runs' },
  { name: 'record', type: 'string', description: 'file to record all calls in, for --model replay:FILE' },
]

/** What a run may spend, over all commands that resume it; it stops before it would spend more. */
const limitFlags: readonly Flag[] = [
  {
    name: 'maxCost',
    type: 'number',
    min: 0,
    description: 'stop before the run spends more dollars, all its commands together',
  },
  { name: 'maxRequests', type: 'integer', min: 1, description: 'stop before the run sends more requests' },
  {
    name: 'maxTotalTokens',
    type: 'integer',
    min: 1,
    description: 'stop before the run spends more tokens, of prompts and replies together',
  },
]

const dryRunFlag: Flag = {
  name: 'dryRun',
  type: 'boolean',
  description: 'count rows, calls, tokens and price, and ask nothing',
}

const askingFlags: readonly Flag[] = [...endpointFlags, ...modelFlags, ...limitFlags, pricesFlag]

/** The flags that say how this machine asks a model and an embedder. */
export const machineFlags: readonly Flag[] = [...askingFlags, ...embedderKeyFlags]

/** The flags of a recipe beside those of every run. */
export function recipeFlags(recipe: Recipe): Flag[] {
  const own = optionFacts(recipe).map(({ required: _, ...option }) => option)
  const planned = recipe.calls === undefined ? [] : [dryRunFlag]
  const embeds = own.some(({ name }) => name === 'embedder')
  const embedding = embeds ? [vectorsFlag, ...embedderKeyFlags] : []
  const machine = recipe.usesModel ? askingFlags : embeds ? [...endpointFlags, ...paceFlags] : []
  return [
    ...[...runFlags, memoryFlag, workersFlag, maxFailedFlag],
    ...[...own, ...embedding, ...machine, ...planned, ...shardFlags],
  ]
}

/** The recipe's options and the machine's, from `--config` and the flags over it. */
export async function readSettings(
  recipe: Recipe,
  flags: Flags,
): Promise<{ config: Flags; machine: Omit<MachineOptions, 'callSignal'> }> {
  const fromFile = await readConfigFile(flags.config)
  const given = pick({ ...fromFile, ...flags }, [memoryFlag, workersFlag, vectorsFlag, ...machineFlags, ...shardFlags])
  const known = Object.entries(fromFile).filter(([name]) => !(name in given))
  const config = { ...Object.fromEntries(known), ...pick(flags, optionFacts(recipe)) }
  return { config, machine: await readMachine(given) }
}

/** What {@link machineFlags} and the flags of shards say, other flags aside. */
export async function readMachine(flags: Flags): Promise<Omit<MachineOptions, 'callSignal'>> {
  const given = pick(flags, machineFlags) as Record<string, never>
  const { prices, maxCost, maxRequests, maxTotalTokens, ...machine } = given
  return {
    ...machine,
    // Whoever leaves the unit out means no bytes.
    maxMemory: sizeFlag('--max-memory', flags.maxMemory, 2 ** 20),
    workers: flags.workers as number | undefined,
    ...(flags.vectors === undefined ? {} : { vectors: localOut(flags.vectors, '--vectors to be a folder', 'kept') }),
    limits: { dollars: maxCost, requests: maxRequests, tokens: maxTotalTokens },
    reading: readingOf(flags),
    ...(prices === undefined ? {} : { prices: await readPrices(prices) }),
  }
}

async function readConfigFile(path: unknown): Promise<Flags> {
  if (typeof path !== 'string') return {}
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`Cannot read the config file ${path}: ${(cause as Error).message}`, {
      cause,
      fix: 'Check the path given to --config.',
    })
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
