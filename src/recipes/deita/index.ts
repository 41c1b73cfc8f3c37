import type { Schema } from '../../formats/index.js'
import { askAbout, isLost } from '../ask.js'
import type { Asking } from '../asking.js'
import { foretellPairs } from '../pairs/foretell.js'
import { judgeEach, type LostAt } from '../pairs/judge-each.js'
import { asSelection } from '../pairs/options.js'
import type { PairRow } from '../pairs/read.js'
import { type PairJudge, pairScanPass } from '../pairs/scan.js'
import type { PromptTexts } from '../prompt-texts.js'
import { fetchPasses } from '../select/fetch.js'
import { writeChosenPass } from '../select/finish.js'
import { deitaStrategy } from '../select/strategies/deita.js'
import type { CallPlan, Estimate, Recipe } from '../types.js'
import { type DeitaConfig, deitaOptions } from './options.js'
import { type DeitaStages, deitaStages, type Turn } from './stages.js'
import { deitaTexts } from './texts.js'

/** What stands beside a chosen row; of a conversation complexity and quality are means over its exchanges. */
const columns: Schema = { sluice_score: 'double', sluice_complexity: 'double', sluice_quality: 'double' }

/**
 * DEITA (arXiv 2312.15685): a model scores how demanding each instruction is and how good its answer, and the best by the
 * product are taken, none too like one taken before. README.md has every figure.
 */
export const deitaRecipe: Recipe<DeitaConfig> = {
  name: 'deita',
  summary: 'pairs by complexity times quality, as a model scores them, the best first and none too like another',
  usesModel: true,
  options: deitaOptions,
  prompts: deitaTexts,
  passes(config, resources, texts) {
    const selection = asSelection(config)
    return [
      pairScanPass(config, resources, judgeOf(config, texts)),
      ...deitaStrategy.passes(selection, resources),
      ...fetchPasses(selection, resources, { columns: 'all', beside: columns }),
      writeChosenPass({
        summary: 'A subset of instructions and answers chosen by DEITA, every column as it was.',
        columns,
        calls: calls(config, texts),
        reading: resources.reading,
      }),
    ]
  },
  calls,
}

type Scored = PairRow & { readonly scores: readonly { readonly complexity: number; readonly quality: number }[] }

function judgeOf(config: DeitaConfig, texts: PromptTexts): PairJudge<Scored> {
  const stages = deitaStages(config, texts)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    stage: (asking) => judgeEach((row) => scored(row, stages, asking), asking),
    score: evolScore,
    columns,
    columnsOf: (row) => ({
      sluice_score: evolScore(row),
      sluice_complexity: mean(row.scores.map(({ complexity }) => complexity)),
      sluice_quality: mean(row.scores.map(({ quality }) => quality)),
    }),
    vectors: 'plain',
    settings: Object.keys(deitaOptions.shape).filter((key) => key !== 'select' && key !== 'maxCosine'),
  }
}

/** The evol score: the sum over the exchanges of complexity times quality. */
function evolScore({ scores }: Scored): number {
  return scores.reduce((sum, { complexity, quality }) => sum + complexity * quality, 0)
}

/** Asks about every exchange of a row; one without both scores takes its row with it. */
async function scored(row: PairRow, { complexity, quality }: DeitaStages, asking: Asking): Promise<Scored | LostAt> {
  const scores: Scored['scores'][number][] = []
  for (const turn of turnsOf(row)) {
    const demand = await askAbout(complexity, turn, asking)
    if (isLost(demand)) return { stage: complexity.name, lost: demand }
    const answer = await askAbout(quality, turn, asking)
    if (isLost(answer)) return { stage: quality.name, lost: answer }
    scores.push({ ...demand, ...answer })
  }
  return { ...row, scores }
}

function turnsOf({ id, exchanges }: PairRow): Turn[] {
  return exchanges.map((exchange, n) => ({ ...exchange, id: n === 0 ? id : `${id}/${n}` }))
}

function calls(config: DeitaConfig, texts: PromptTexts): CallPlan {
  return {
    stages: Object.values(deitaStages(config, texts)),
    rows: async (view) => {
      const { steps, sample } = await foretellPairs(view, config)
      const turns = sample.flatMap(turnsOf)
      const each = turns.length / Math.max(1, sample.length)
      const [, { low, expected, high }] = steps.at(-1)!
      const asked: Estimate = {
        low: Math.floor(low * each),
        expected: Math.round(expected * each),
        high: Math.ceil(high * each),
      }
      return { steps: [...steps, ['exchanges', asked]], sample: turns }
    },
  }
}
