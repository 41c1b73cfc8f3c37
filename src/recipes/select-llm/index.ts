import { numbersTo } from '../ask/choice.js'
import { wordingIn } from '../ask/language.js'
import { sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { type JudgeStage, structuredStage } from '../ask/structured.js'
import { countCommitted } from '../pass/artifacts.js'
import { inputColumnOf } from '../pass/input-column.js'
import { choosePass } from '../select/choose-pass.js'
import { type TextConfig, withInput } from '../select/corpus.js'
import { type ChosenText, fetchPasses } from '../select/fetch.js'
import { writeChosenPass } from '../select/finish.js'
import { pilotPass } from '../select/pilot.js'
import { polishPass, refinePass } from '../select/polish.js'
import { foretellSelection } from '../select/sample.js'
import { scanPass } from '../select/scan.js'
import { solvePass } from '../select/solve.js'
import type { CallPlan, ModelStage, Recipe } from '../types.js'
import { choose } from './choose.js'
import { dealPass } from './deal.js'
import { centresOf, groupPass } from './group.js'
import { dealOf, options, type SelectLlmConfig } from './options.js'
import { pickPass } from './pick.js'
import { type Picked, type Query, queryPrompt, querySampling, selectLlmTexts } from './query-prompt.js'

/**
 * SelectLLM (arXiv 2401.16553): deals a corpus of instructions out into questions, each with a row of every cluster, and has
 * a model pick those most worth an answer. README.md has every figure.
 */
export const selectLlmRecipe: Recipe<SelectLlmConfig> = {
  name: 'select-llm',
  summary: 'instructions worth an answer: each question shows a model one of every cluster to pick from',
  usesModel: true,
  options,
  prompts: selectLlmTexts,
  passes(given, resources, texts) {
    const config = withInputColumn(given)
    const centres = (rows: number) => centresOf(rows, config)
    const clustering =
      config.grouping === 'random'
        ? []
        : [
            solvePass(config, resources, (run) => centres(countCommitted(run, ['scan']))),
            polishPass(config),
            refinePass(),
          ]
    return [
      pilotPass(config, resources, undefined),
      scanPass(config, resources, undefined),
      ...clustering,
      groupPass(config),
      dealPass(config, resources),
      pickPass(pickStage(config, texts), config, resources),
      choosePass(config, choose),
      ...fetchPasses(config, resources, { columns: 'all' }),
      writeChosenPass(config, { chains: [['pick']], calls: calls(given, texts), reading: resources.reading }),
    ]
  },
  calls,
}

/** The settings with the column of inputs that they name, or the usual one. */
function withInputColumn(config: SelectLlmConfig): SelectLlmConfig & TextConfig {
  const { input: inputColumn, optional } = inputColumnOf(config.inputColumn, [config.textColumn, config.idColumn])
  return { ...config, inputColumn, optional }
}

function pickStage(config: SelectLlmConfig, texts: PromptTexts): ModelStage<Query, Picked> {
  const stage: JudgeStage<Query, Picked> = {
    name: 'pick',
    prompt: queryPrompt(wordingIn(config.language, 'pick', texts), config),
    sampling: sampledAs(querySampling, config),
    usualReply: ({ picks }) => `[${numbersTo(picks).join(', ')}]`,
  }
  return structuredStage(stage, config)
}

/** As many questions as rows and picks make, each filled with rows of the sample. */
function calls(config: SelectLlmConfig, texts: PromptTexts): CallPlan {
  return {
    stages: [pickStage(config, texts)],
    rows: async ({ plan, ...view }) => {
      const { inputColumn: titleColumn, optional } = withInputColumn(config)
      const { steps, sample, embedded } = await foretellSelection(plan, config, {
        ...view,
        judge: () => undefined,
        titleColumn,
        optional,
      })
      const kept = steps[1]![1]
      const questionsOf = (rows: number) => dealOf(rows, config).questions
      const questions = {
        low: questionsOf(kept.low),
        expected: questionsOf(kept.expected),
        high: questionsOf(kept.high),
      }
      const { items, picks } = dealOf(kept.expected, config)
      const texts = (sample as ChosenText[]).map(({ text, title }) => ({ text: withInput(text, title) }))
      const shown = Array.from(
        { length: texts.length === 0 ? 0 : Math.min(64, questions.expected) },
        (_, question) => ({
          id: `question-${question}`,
          picks,
          items: Array.from({ length: items }, (_, place) => texts[(question * items + place) % texts.length]!),
        }),
      )
      return { steps: [...steps.slice(0, 2), ['questions', questions]], sample: shown, ...(embedded && { embedded }) }
    },
  }
}
