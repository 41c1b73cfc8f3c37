import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { flagName } from '../../src/recipes/config.js'
import { uniform } from '../../src/text/hash.js'
import { writePairShards } from '../pairs.js'
import { writeProseShards } from '../prose.js'
import type { ChatRequest } from '../server/openai-server.mjs'
import { toyBackAndForth, toyEvolution, toyKun, toyPicks, toyReply, toyTasks } from './toy-model.js'

/** A small run of a recipe, whole: what it reads, how it is set, and a model that can answer it. */
export type ToyRun = {
  readonly recipe: string
  /** Beside `model` and `endpoint`. */
  readonly config: Readonly<Record<string, string | number>>
  readonly reply: (request: ChatRequest) => string
  /** Writes its shards below a folder and gives their paths. */
  inputs(folder: string): Promise<string[]>
}

/** Of recipes whose stages are unlike one another; tests that hold for all recipes that ask a model go through this table. */
export const toyRuns: readonly ToyRun[] = [
  {
    recipe: 'reinstruct',
    config: { selector: 'light', select: 40, seed: 7 },
    reply: toyReply,
    inputs: (folder) => writeProseShards(folder, 3, 30),
  },
  {
    recipe: 'evol-instruct',
    config: { rounds: 2, seed: 7 },
    reply: toyEvolution,
    inputs: (folder) => writeRows(folder, 2, (n) => ({ instruction: `Describe item ${n} of the list.` })),
  },
  {
    recipe: 'self-instruct',
    config: { instructions: 25, seed: 7 },
    reply: toyTasks,
    inputs: async () => [],
  },
  {
    recipe: 'select-llm',
    config: { select: 20, seed: 7 },
    reply: toyPicks,
    inputs: (folder) => writeRows(folder, 3, (n) => ({ instruction: `Explain ${n} and more of ${n * 7}.` })),
  },
  {
    recipe: 'kun',
    config: { textColumn: 'content', select: 30, seed: 7 },
    reply: toyKun,
    inputs: (folder) => writeRows(folder, 2, (n) => ({ content: `第${n}段介绍潮汐：它的历史大约有${n * 7 + 30}年。` })),
  },
  {
    recipe: 'back-and-forth',
    config: { select: 30, minChars: 200, seed: 7 },
    reply: toyBackAndForth,
    inputs: (folder) => writeProseShards(folder, 2, 30),
  },
  {
    recipe: 'deita',
    config: { select: 15, seed: 7 },
    reply: ({ messages }) => `Score: ${1 + Math.floor(7 * uniform(3, messages[0]!.content, messages.at(-1)!.content))}`,
    inputs: async (folder) => {
      await writePairShards(folder, 2, 20)
      return [folder]
    },
  },
  {
    recipe: 'humpback',
    config: { minScore: 4, rounds: 2, seed: 7 },
    reply: ({ messages }) => `Score: ${1 + Math.floor(6 * uniform(3, messages[0]!.content, messages.at(-1)!.content))}`,
    inputs: async (folder) => {
      await writePairShards(folder, 2, 20)
      return [folder]
    },
  },
]

/** `sluice run` of a toy run, as its arguments. */
export function toyCommand(
  { recipe, config }: ToyRun,
  { inputs, out, endpoint, concurrency = 4 }: { inputs: string[]; out: string; endpoint: string; concurrency?: number },
): string[] {
  const options = Object.entries(config).flatMap(([name, value]) => [flagName(name), String(value)])
  return [
    ...['run', recipe, ...inputs, '-o', out, ...options, '--max-failed', '1', '-q'],
    ...['--model', 'openai:toy', '--endpoint', endpoint, '--concurrency', String(concurrency)],
  ]
}

/** JSONL shards of twenty rows each. */
async function writeRows(folder: string, shards: number, row: (n: number) => object): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  return Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const path = join(folder, `part-${shard}.jsonl`)
      const lines = Array.from({ length: 20 }, (_, n) => JSON.stringify(row(20 * shard + n)))
      await writeFile(path, `${lines.join('\n')}\n`)
      return path
    }),
  )
}
