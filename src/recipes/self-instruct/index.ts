import type { Plan } from '../../run/types.js'
import { UsageError } from '../../stream/errors.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { finishPass } from '../pass/finish.js'
import { certain } from '../select/sample.js'
import type { AskedRows, CallPlan, ModelStage, Recipe } from '../types.js'
import { alpacaDemonstrations } from './alpaca-prompt.js'
import { demonstrationCount, type Shown } from './bootstrap-prompt.js'
import { pairSchema } from './encode.js'
import { type GrowOptions, growPass } from './grow.js'
import { growOptions, options, type SelfInstructConfig } from './options.js'
import { createPool } from './pool.js'
import { selfInstructTexts } from './prompts.js'
import { bundledSeeds, type SeedTask, seedPass, seedTasks } from './seeds.js'
import { selfInstructStages } from './stages.js'
import { encodePass, instancesPass, pairsFile, seedPairsPass } from './write.js'

/**
 * Self-Instruct (arXiv 2212.10560): from some tasks that people wrote a model thinks up others; what is new stays and is
 * shown in its turn; then each gets instances. README.md has every figure, and Alpaca's changes.
 */
export const selfInstructRecipe: Recipe<SelfInstructConfig> = {
  name: 'self-instruct',
  summary: 'tasks from tasks: a model thinks up new ones from 175 by people, and writes their instances',
  usesModel: true,
  options,
  bundledInput: ({ language }) => bundledSeeds[language],
  prompts: selfInstructTexts,
  passes(config, resources, texts) {
    const { mode, includeSeeds, seed, language } = config
    refuseStrictChinese(config)
    const stages = selfInstructStages(config, texts)
    const settings = Object.keys(growOptions)
    const writing = { seed, language, settings }
    return [
      seedPass(),
      seedPairsPass({ include: includeSeeds, seed, language }),
      growPass(stages.grow, { ...growth(config), settings }, resources),
      mode === 'alpaca'
        ? encodePass(writing)
        : instancesPass(stages, { ...writing, settings: [...settings, 'demonstrations'] }, resources),
      finishPass({
        summary: 'Tasks thought up by a model from tasks that people wrote, with instances, by Self-Instruct.',
        rows: { passes: ['seed-pairs', 'instances'], file: pairsFile },
        schema: async () => pairSchema,
        chains: [
          ['grow', 'instances'],
          ['seed', 'seed-pairs'],
        ],
        calls: calls(config, texts),
      }),
    ]
  },
  calls,
}

function refuseStrictChinese({ rules, language }: SelfInstructConfig): void {
  if (rules !== 'strict' || language === 'en') return
  throw new UsageError('`--rules strict` is English: it takes any two Chinese tasks for unlike each other', {
    fix: 'Leave out --rules strict, or --language zh.',
  })
}

function growth(config: SelfInstructConfig): Omit<GrowOptions, 'settings'> {
  const { mode, only, instructions, lookahead, seed, rules, language, machineShown } = config
  const shown =
    mode === 'alpaca' ? { all: alpacaDemonstrations, machine: 0 } : { all: demonstrationCount, machine: machineShown }
  return { target: instructions, mode, only, lookahead, seed, strict: rules === 'strict', language, shown }
}

/** Counts in tasks that are wanted; how many requests they take depends on how many of those proposed are new. */
function calls(config: SelfInstructConfig, texts: PromptTexts): CallPlan {
  const { grow, classify, instances } = selfInstructStages(config, texts)
  return {
    stages: config.mode === 'alpaca' ? [grow] : ([toFirstTask(grow), classify, instances] as CallPlan['stages']),
    rows: (view) => requests(view, config),
  }
}

/** The question for tasks, read as if it brought one: the later stages are about tasks, and one is like another. */
function toFirstTask(grow: ReturnType<typeof selfInstructStages>['grow']): ModelStage<Shown, object> {
  const { write, read } = grow.prompt
  const readFirst = (reply: string, row: Shown) => {
    const reading = read(reply, row)
    return 'unread' in reading ? reading : reading.tasks[0]!
  }
  return { ...grow, prompt: { write, read: readFirst } }
}

const sampleRequests = 64

async function requests(
  { plan, signal }: { plan: Plan; signal: AbortSignal },
  config: SelfInstructConfig,
): Promise<AskedRows> {
  const seeds: SeedTask[] = []
  for await (const tasks of seedTasks(plan.shards, { signal })) seeds.push(...tasks)
  const { only, seed, shown, target } = growth(config)
  const pool = createPool(
    seeds.filter(({ isClassification }) => only === 'any' || isClassification),
    { seed, tokens: 'words' },
  )
  const sample = Array.from({ length: sampleRequests }, (_, request) => ({
    id: `request-${request}`,
    demonstrations: pool.draw(request, shown),
  }))
  return {
    steps: [
      ['seed tasks', certain(seeds.length)],
      ['tasks wanted', certain(target)],
    ],
    sample,
  }
}
