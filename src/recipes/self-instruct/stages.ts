import { type Language, wordingIn } from '../ask/language.js'
import { sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import type { Estimate, ModelStage } from '../types.js'
import { alpacaPrompt, alpacaSampling, alpacaStops, taskRecord } from './alpaca-prompt.js'
import {
  bootstrapPrompt,
  bootstrapSampling,
  bootstrapStops,
  numberedList,
  type Proposed,
  type ProposedTask,
  type Shown,
} from './bootstrap-prompt.js'
import { inputFirstDemonstrationsZh } from './chinese-demonstrations.js'
import { classifyPrompt, classifySampling, classifyStops } from './classify-prompt.js'
import { inputFirstDemonstrations, instanceSampling, instanceStops, instancesPrompt } from './instance-prompts.js'
import type { Instance } from './instances.js'
import type { SelfInstructConfig } from './options.js'

/** A task that the model thought up and the filters let through; in Alpaca's mode with its input and output. */
export type GrownTask = ProposedTask & { readonly id: string }

/**
 * Requests for a task that is wanted: a reply holds eight, in Alpaca's mode seventeen, of which all are new at best, about
 * half with a strong model, and one at worst.
 */
const requestsPerTask: Readonly<Record<SelfInstructConfig['mode'], Estimate>> = {
  'self-instruct': { low: 1 / 8, expected: 1 / 4, high: 1 },
  alpaca: { low: 1 / 17, expected: 1 / 9, high: 1 },
}

type Kind = { readonly isClassification: boolean }

export type SelfInstructStages = {
  readonly grow: ModelStage<Shown, Proposed>
  readonly classify: ModelStage<GrownTask, Kind>
  readonly instances: ModelStage<GrownTask & Kind, { instances: readonly Instance[] }>
}

/** The three questions of the paper; in Alpaca's mode the first one brings all, and the others are not asked. */
export function selfInstructStages(config: SelfInstructConfig, texts: PromptTexts): SelfInstructStages {
  const { language, demonstrations: form } = config
  const strict = config.rules === 'strict'
  return {
    grow: config.mode === 'alpaca' ? alpacaStage(config, texts) : bootstrapStage(config, texts),
    classify: {
      name: 'classify',
      prompt: classifyPrompt(texts, { strict, form, language }),
      sampling: { ...classifySampling, stop: classifyStops[language] },
      usualReply: () => (language === 'en' ? 'No' : '否'),
    },
    instances: {
      name: 'instances',
      prompt: instancesPrompt(texts, { form, language }),
      sampling: sampledAs({ ...instanceSampling, stop: instanceStops[language] }, config),
      usualReply: () => usualInstances[language],
    },
  }
}

function bootstrapStage(config: SelfInstructConfig, texts: PromptTexts): SelfInstructStages['grow'] {
  const { language, only, rules, mode } = config
  const text = wordingIn(language, only === 'any' ? 'bootstrap' : 'bootstrap-classification', texts)
  return {
    name: 'grow',
    prompt: bootstrapPrompt(text, { strict: rules === 'strict', language }),
    sampling: sampledAs({ ...bootstrapSampling, stop: bootstrapStops[language] }, config),
    reach: requestsPerTask[mode],
    usualReply: usualInstructions,
  }
}

function alpacaStage(config: SelfInstructConfig, texts: PromptTexts): SelfInstructStages['grow'] {
  const { language, rules, mode } = config
  return {
    name: 'grow',
    prompt: alpacaPrompt(wordingIn(language, 'alpaca', texts), { strict: rules === 'strict', language }),
    sampling: sampledAs({ ...alpacaSampling, stop: alpacaStops[language] }, config),
    reach: requestsPerTask[mode],
    usualReply: (shown) => usualTasks(shown, language),
  }
}

/** As many tasks as the request shows, which is what it asks for. */
function usualInstructions({ demonstrations }: Shown): string {
  return numberedList(demonstrations.map(({ instruction }) => instruction))
    .replace(/^1\./, `${demonstrations.length + 1}.`)
    .replace(/\n\d+\.$/, '')
}

/** Seventeen more of the kind that is shown. */
function usualTasks({ demonstrations }: Shown, language: Language): string {
  const tasks = Array.from({ length: 17 }, (_, n) =>
    taskRecord(demonstrations[n % demonstrations.length]!, demonstrations.length + 1 + n, language),
  )
  return tasks.join('###\n')
}

const usualInstances: Readonly<Record<Language, string>> = {
  en: examplesOfFirst(inputFirstDemonstrations),
  zh: examplesOfFirst(inputFirstDemonstrationsZh),
}

function examplesOfFirst(list: string): string {
  return list.split('\n\n')[0]!.split('\n').slice(1).join('\n')
}
