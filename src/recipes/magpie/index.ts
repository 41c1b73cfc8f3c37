import type { Schema } from '../../formats/index.js'
import { type Judge, keep, type Reason } from '../../stream/keep.js'
import { compose } from '../../stream/pipe.js'
import type { Stage } from '../../stream/types.js'
import { codePointLength } from '../../text/words.js'
import { ask } from '../ask/ask.js'
import type { Asking } from '../ask/asking.js'
import { sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { type JudgeStage, structuredStage } from '../ask/structured.js'
import { foretellPairs } from '../pairs/foretell.js'
import { asSelection } from '../pairs/options.js'
import type { PairRow } from '../pairs/read.js'
import { type PairJudge, pairScanPass } from '../pairs/scan.js'
import { fetchPasses } from '../select/fetch.js'
import { writeChosenPass } from '../select/finish.js'
import { withRoom } from '../select/room.js'
import { deitaStrategy } from '../select/strategies/deita.js'
import type { CallPlan, ModelStage, Recipe } from '../types.js'
import { type MagpieConfig, magpieOptions } from './options.js'
import {
  type Difficulty,
  difficulties,
  difficultyPrompt,
  labelReply,
  magpieTexts,
  type Quality,
  qualities,
  qualityPrompt,
} from './prompts.js'

/**
 * The filter of Magpie (arXiv 2406.08464): rules, then a model's labels for quality and difficulty, then the longest
 * answers, none to an instruction nearly the same as another. README.md has every figure.
 */
export const magpieRecipe: Recipe<MagpieConfig> = {
  name: 'magpie',
  summary: 'pairs whose instruction a model labels good or better, nearly equal ones once, the longest answers first',
  usesModel: true,
  options: magpieOptions,
  prompts: magpieTexts,
  passes(config, resources, texts) {
    const selection = asSelection(config)
    const columns = columnsOf(config)
    return [
      withRoom(pairScanPass(config, resources, judgeOf(config, texts)), deitaStrategy, selection, resources),
      ...deitaStrategy.passes(selection, resources),
      ...fetchPasses(selection, resources, { columns: 'all', beside: columns }),
      writeChosenPass(config, {
        summary: 'A subset of instructions and answers that the filter of Magpie keeps, every column as it was.',
        columns,
        calls: calls(config, texts),
        reading: resources.reading,
      }),
    ]
  },
  calls,
}

type Labelled = PairRow & { readonly quality: Quality; readonly difficulty?: Difficulty }

/** What stands beside a chosen row; the length is the answer's, in characters. */
function columnsOf({ minDifficulty }: MagpieConfig): Schema {
  const difficulty: Schema = minDifficulty === undefined ? {} : { sluice_difficulty: 'string' }
  return { sluice_quality: 'string', ...difficulty, sluice_length: 'int32' }
}

function judgeOf(config: MagpieConfig, texts: PromptTexts): PairJudge<Labelled> {
  const { minDifficulty, rewardColumn } = config
  const length = ({ output }: Labelled) => codePointLength(output)
  return {
    ...(rewardColumn !== undefined && { reads: [rewardColumn] }),
    stage: (asking) => labelled(config, texts, asking),
    score: length,
    columns: columnsOf(config),
    columnsOf: (row) => ({
      sluice_quality: row.quality,
      ...(minDifficulty !== undefined && { sluice_difficulty: row.difficulty }),
      sluice_length: length(row),
    }),
    vectors: 'plain',
    textOf: ({ instruction }) => instruction,
    settings: Object.keys(magpieOptions.shape).filter((key) => key !== 'select' && key !== 'maxCosine'),
  }
}

function labelled(config: MagpieConfig, texts: PromptTexts, asking: Asking): Stage<PairRow, Labelled> {
  const { minQuality, minDifficulty } = config
  const { quality, difficulty } = stagesOf(config, texts)
  const { reject } = asking.log
  const isBelow = <Label>(scale: readonly Label[], label: Label, least: Label) =>
    scale.indexOf(label) < scale.indexOf(least)
  const good: Stage<PairRow, Labelled> = compose(
    keep('rules', ruleOf(config), reject),
    ask(quality, asking),
    keep<Labelled>(
      'select',
      (row) => (isBelow(qualities, row.quality, minQuality) ? `quality is ${row.quality}` : undefined),
      reject,
    ),
  )
  if (minDifficulty === undefined) return good
  return compose(
    good,
    ask(difficulty, asking),
    keep(
      'select',
      (row) => (isBelow(difficulties, row.difficulty, minDifficulty) ? `difficulty is ${row.difficulty}` : undefined),
      reject,
    ),
  )
}

/** What leaves without a question. */
function ruleOf({ rewardColumn, minReward }: MagpieConfig): Judge<PairRow> {
  return ({ instruction, beside }): Reason | undefined => {
    if (/[:：]$/.test(instruction.trimEnd())) return 'instruction ends with a colon'
    if (rewardColumn === undefined) return undefined
    const reward = beside?.[rewardColumn]
    if (typeof reward !== 'number' && typeof reward !== 'bigint') return 'no reward'
    return Number(reward) > minReward ? undefined : { reason: `reward of at most ${minReward}`, detail: `${reward}` }
  }
}

type MagpieStages = {
  readonly quality: ModelStage<PairRow, { quality: Quality }>
  readonly difficulty: ModelStage<Labelled, { difficulty: Difficulty }>
}

/** Both questions, greedy as published. */
function stagesOf(config: MagpieConfig, texts: PromptTexts): MagpieStages {
  const { language } = config
  const sampling = sampledAs({ temperature: 0, topP: 1, maxTokens: 64 }, config)
  const quality: JudgeStage<PairRow, { quality: Quality }> = {
    name: 'quality',
    prompt: qualityPrompt(language, texts),
    sampling,
    usualReply: () => labelReply('good', language),
  }
  const difficulty: JudgeStage<Labelled, { difficulty: Difficulty }> = {
    name: 'difficulty',
    prompt: difficultyPrompt(language, texts),
    sampling,
    reach: { low: 0.2, expected: 0.7, high: 1 },
    usualReply: () => labelReply('medium', language),
  }
  return { quality: structuredStage(quality, config), difficulty: structuredStage(difficulty, config) }
}

function calls(config: MagpieConfig, texts: PromptTexts): CallPlan {
  const { quality, difficulty } = stagesOf(config, texts)
  const isKept = ruleOf({ ...config, rewardColumn: undefined })
  return {
    stages: (config.minDifficulty === undefined ? [quality] : [quality, difficulty]) as unknown as CallPlan['stages'],
    rows: (view) => foretellPairs(view, config, (row) => isKept(row) === undefined),
  }
}
