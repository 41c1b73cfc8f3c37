import type { Schema } from '../../formats/index.js'
import { CallFailure } from '../../models/types.js'
import type { Pass } from '../../run/types.js'
import { keep } from '../../stream/keep.js'
import { compose } from '../../stream/pipe.js'
import type { Asking } from '../ask/asking.js'
import { askScore, asPlanned } from '../ask/score-stage.js'
import { foretellPairs } from '../pairs/foretell.js'
import { judgeEach, type LostAt } from '../pairs/judge-each.js'
import { asSelection } from '../pairs/options.js'
import type { PairRow } from '../pairs/read.js'
import { type PairJudge, pairScanPass } from '../pairs/scan.js'
import { fetchPasses } from '../select/fetch.js'
import { writeChosenPass } from '../select/finish.js'
import { chooseLeastPass } from '../select/ranked.js'
import { withRoom } from '../select/room.js'
import { deitaStrategy } from '../select/strategies/deita.js'
import type { CallPlan, Recipe, Resources } from '../types.js'
import { type Difficulty, difficultyOf, measurements, misleads, toMeasure } from './difficulty.js'
import { type IfdConfig, ifdOptions } from './options.js'

/** What stands beside a chosen row: the ratio, and the two perplexities that it is of. */
const columns: Schema = { sluice_ifd: 'double', sluice_perplexity_given: 'double', sluice_perplexity_alone: 'double' }

/**
 * Instruction-following difficulty (arXiv 2308.12032; with a small model Superfiltering, arXiv 2402.00530): the pairs in
 * which the instruction helps a model least to foresee the answer, yet helps. README.md has every figure.
 */
export const ifdRecipe: Recipe<IfdConfig> = {
  name: 'ifd',
  summary: 'pairs by how little the instruction helps a model to foresee the answer; asks for log-probabilities alone',
  usesModel: true,
  options: ifdOptions,
  passes(config, resources) {
    const selection = asSelection(config)
    const strategy = config.maxCosine === undefined ? { vectors: 'none' as const } : deitaStrategy
    return [
      withRoom(pairScanPass(config, resources, judgeOf(config)), strategy, selection, resources),
      ...choosing(config, resources),
      ...fetchPasses(selection, resources, { columns: 'all', beside: columns }),
      writeChosenPass(config, {
        summary:
          'A subset of instructions and answers chosen by instruction-following difficulty, every column as it was.',
        columns,
        calls: calls(config),
        reading: resources.reading,
      }),
    ]
  },
  calls,
}

function choosing(config: IfdConfig, resources: Resources): readonly Pass[] {
  const { maxCosine } = config
  const selection = asSelection(config)
  return maxCosine === undefined
    ? [chooseLeastPass(selection)]
    : deitaStrategy.passes({ ...selection, maxCosine }, resources)
}

type Judged = PairRow & Difficulty

function judgeOf(config: IfdConfig): PairJudge<Judged> {
  return {
    stage: (asking) =>
      compose(
        judgeEach((row, onSend) => measured(row, config, { asking, onSend }), asking),
        keep<Judged>('select', misleads, asking.log.reject),
      ),
    score: ({ ifd }) => ifd,
    columns,
    columnsOf: ({ ifd, given, alone }) => ({
      sluice_ifd: ifd,
      sluice_perplexity_given: given,
      sluice_perplexity_alone: alone,
    }),
    vectors: config.maxCosine === undefined ? 'none' : 'plain',
    settings: Object.keys(ifdOptions.shape).filter((key) => key !== 'select'),
  }
}

/** Asks for both of a row's measurements; one that cannot be had, or makes no ratio, takes the row with it. */
async function measured(
  row: PairRow,
  { maxPairTokens }: IfdConfig,
  { asking, onSend }: { asking: Asking; onSend(): void },
): Promise<Judged | LostAt> {
  const pair = toMeasure(row, maxPairTokens)
  if (typeof pair === 'string') return { stage: 'read', lost: { unread: pair } }
  const given = await askScore(measurements.given, pair, asking, onSend)
  if (given instanceof CallFailure) return { stage: measurements.given.name, lost: given }
  const alone = await askScore(measurements.alone, pair, asking, onSend)
  if (alone instanceof CallFailure) return { stage: measurements.alone.name, lost: alone }
  const difficulty = difficultyOf(given, alone)
  return typeof difficulty === 'string' ? { stage: 'select', lost: { unread: difficulty } } : { ...row, ...difficulty }
}

function calls(config: IfdConfig): CallPlan {
  return {
    stages: [asPlanned(measurements.given), asPlanned(measurements.alone)] as unknown as CallPlan['stages'],
    rows: async (view) => {
      const { maxPairTokens } = config
      const isKept = (row: PairRow) => typeof toMeasure(row, maxPairTokens) !== 'string'
      const { steps, sample } = await foretellPairs(view, config, isKept)
      return {
        steps,
        sample: sample.map((row) => toMeasure(row, maxPairTokens)).filter((row) => typeof row !== 'string'),
      }
    },
  }
}
