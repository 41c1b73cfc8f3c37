import type { Judge } from '../../stream/keep.js'
import { codePointLength } from '../../text/words.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { foretellPairs } from '../pairs/foretell.js'
import type { PairRow } from '../pairs/read.js'
import { readPairsPass } from '../pairs/read-pass.js'
import { finishPass } from '../pass/finish.js'
import { seedPass } from '../pass/seed-pairs.js'
import type { CallPlan, ModelStage, Recipe } from '../types.js'
import { examplesPass, mayBeShown } from './examples.js'
import { type Example, humpbackTexts } from './judge.js'
import { type HumpbackConfig, humpbackOptions } from './options.js'
import { humpbackSchema, type Judged, pairsFile, scoreName, scorePass, scoreStage, toPair } from './round.js'

/**
 * Self-curation of Humpback (arXiv 2308.06259): a judge scores candidate pairs from 1 to 5 in two rounds, and the best are
 * kept, tagged by their source. README.md has every figure.
 */
export const humpbackRecipe: Recipe<HumpbackConfig> = {
  name: 'humpback',
  summary: 'candidate pairs scored 1 to 5 in rounds; the best stay, tagged by their source and mixed with seeds',
  usesModel: true,
  options: humpbackOptions,
  fileOptions: ['seedData'],
  prompts: humpbackTexts,
  passes(config, resources, texts) {
    const rounds = roundsOf(config)
    const { language, seedData } = config
    return [
      seedPass(seedData, {
        copies: 1,
        schema: humpbackSchema,
        toRow: (id, pair) => toPair(id, 'seed', pair, language),
      }),
      readPairsPass(config, resources, { judge: judgeOf(config), judgeSettings: ['minChars', 'maxChars'] }),
      ...rounds.flatMap((round) => [
        ...(round === 1
          ? []
          : [examplesPass(round, { before: scoreName(round - 1), file: pairsFile, seed: config.seed })]),
        scorePass(round, { config, resources, texts }),
      ]),
      finishPass({
        summary: 'Instruction and answer pairs that a judge of Humpback kept.',
        rows: { passes: [scoreName(config.rounds), 'seed'], file: pairsFile },
        schema: async () => humpbackSchema,
        chains: [['read', ...rounds.map(scoreName)], ['seed']],
        calls: calls(config, texts),
        reading: resources.reading,
      }),
    ]
  },
  calls,
}

function roundsOf({ rounds }: HumpbackConfig): number[] {
  return Array.from({ length: rounds }, (_, n) => n + 1)
}

/** The published length of an instruction, in characters. */
function judgeOf({ minChars, maxChars }: HumpbackConfig): Judge<PairRow> {
  return ({ instruction }) => {
    const chars = codePointLength(instruction)
    if (chars < minChars) return { reason: `instruction of fewer than ${minChars} characters`, detail: `${chars}` }
    return chars > maxChars
      ? { reason: `instruction of more than ${maxChars} characters`, detail: `${chars}` }
      : undefined
  }
}

function calls(config: HumpbackConfig, texts: PromptTexts): CallPlan {
  const judge = judgeOf(config)
  const stages = roundsOf(config).map(
    (round) => scoreStage(round, config, texts) as unknown as ModelStage<Judged, object>,
  )
  return {
    stages: stages as CallPlan['stages'],
    rows: async (view) => {
      const { steps, sample } = await foretellPairs(view, config, (row) => judge(row) === undefined)
      const pairs = sample.map(({ id, instruction, output: text }) => ({ id, instruction, text }))
      // As if every score were given.
      const examples = pairs.filter(mayBeShown).slice(0, 5)
      const shown = examples.map((pair, n): Example => ({ ...pair, score: 5 - n }))
      return { steps, sample: pairs.map((pair): Judged => ({ ...pair, examples: shown })) }
    },
  }
}
