import type { Schema } from '../../formats/index.js'
import { askAbout, isLost, type Lost } from '../ask/ask.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { foretellPairs } from '../pairs/foretell.js'
import { judgeEach, type LostAt } from '../pairs/judge-each.js'
import { asSelection } from '../pairs/options.js'
import type { PairRow } from '../pairs/read.js'
import { type PairJudge, pairScanPass } from '../pairs/scan.js'
import { fetchPasses } from '../select/fetch.js'
import { writeChosenPass } from '../select/finish.js'
import { withRoom } from '../select/room.js'
import { deitaStrategy } from '../select/strategies/deita.js'
import type { CallPlan, Estimate, ModelStage, Recipe } from '../types.js'
import { expectedScore, expectedStages, type Judging, plannedLines } from './expected.js'
import { type DeitaConfig, deitaOptions } from './options.js'
import { deitaStages, type Turn } from './stages.js'
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
      withRoom(pairScanPass(config, resources, judgeOf(config, texts)), deitaStrategy, selection, resources),
      ...deitaStrategy.passes(selection, resources),
      ...fetchPasses(selection, resources, { columns: 'all', beside: columns }),
      writeChosenPass(config, {
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
  const questions = questionsOf(config, texts)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    stage: (asking) => judgeEach((row, onSend) => scored(row, questions, { asking, onSend }), asking),
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

/** One of the two questions about a turn, however its score is had. */
type Question = { readonly name: string; score(turn: Turn, judging: Judging): Promise<number | Lost> }

function questionsOf(config: DeitaConfig, texts: PromptTexts): Record<'complexity' | 'quality', Question> {
  const stages = deitaStages(config, texts)
  const { complexity, quality } = stages
  if (config.scores === 'expected') {
    const expected = expectedStages(stages, config.language)
    const expectedBy = (name: 'complexity' | 'quality'): Question => ({
      name: stages[name].name,
      score: (turn, judging) => expectedScore(expected[name], turn, judging),
    })
    return { complexity: expectedBy('complexity'), quality: expectedBy('quality') }
  }
  const saidBy = <Out extends object>(stage: ModelStage<Turn, Out>, key: keyof Out): Question => ({
    name: stage.name,
    async score(turn, { asking, onSend }) {
      const read = await askAbout(stage, turn, asking, { onSend })
      return isLost(read) ? read : Number(read[key])
    },
  })
  return { complexity: saidBy(complexity, 'complexity'), quality: saidBy(quality, 'quality') }
}

/** Asks about every exchange of a row; one without both scores takes its row with it. */
async function scored(
  row: PairRow,
  { complexity, quality }: ReturnType<typeof questionsOf>,
  judging: Judging,
): Promise<Scored | LostAt> {
  const scores: Scored['scores'][number][] = []
  for (const turn of turnsOf(row)) {
    const demand = await complexity.score(turn, judging)
    if (typeof demand !== 'number') return { stage: complexity.name, lost: demand }
    const answer = await quality.score(turn, judging)
    if (typeof answer !== 'number') return { stage: quality.name, lost: answer }
    scores.push({ complexity: demand, quality: answer })
  }
  return { ...row, scores }
}

function turnsOf({ id, exchanges }: PairRow): Turn[] {
  return exchanges.map((exchange, n) => ({ ...exchange, id: n === 0 ? id : `${id}/${n}` }))
}

function calls(config: DeitaConfig, texts: PromptTexts): CallPlan {
  const said = deitaStages(config, texts)
  const stages =
    config.scores === 'expected' ? plannedLines(expectedStages(said, config.language)) : Object.values(said)
  return {
    stages: stages as unknown as CallPlan['stages'],
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
