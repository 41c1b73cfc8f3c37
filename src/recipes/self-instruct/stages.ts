import { sampledAs } from '../model-options.js'
import type { PromptTexts } from '../prompt-texts.js'
import type { Estimate, ModelStage } from '../types.js'
import { alpacaPrompt, alpacaSampling } from './alpaca-prompt.js'
import {
  bootstrapPrompt,
  bootstrapSampling,
  numberedList,
  type Proposed,
  type ProposedTask,
  type Shown,
} from './bootstrap-prompt.js'
import { classifyPrompt, classifySampling } from './classify-prompt.js'
import { inputFirstDemonstrations, instanceSampling, instancesPrompt } from './instance-prompts.js'
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
  const strict = config.rules === 'strict'
  const form = config.demonstrations
  const reach = requestsPerTask[config.mode]
  return {
    grow:
      config.mode === 'alpaca'
        ? {
            name: 'grow',
            prompt: alpacaPrompt(texts.alpaca!, { strict }),
            sampling: sampledAs(alpacaSampling, config),
            reach,
            usualReply: usualTasks,
          }
        : {
            name: 'grow',
            prompt: bootstrapPrompt(texts[config.only === 'any' ? 'bootstrap' : 'bootstrap-classification']!, {
              strict,
            }),
            sampling: sampledAs(bootstrapSampling, config),
            reach,
            usualReply: usualInstructions,
          },
    classify: {
      name: 'classify',
      prompt: classifyPrompt(texts, { strict, form }),
      sampling: classifySampling,
      usualReply: () => 'No',
    },
    instances: {
      name: 'instances',
      prompt: instancesPrompt(texts, { form }),
      sampling: sampledAs(instanceSampling, config),
      usualReply: () => usualInstances,
    },
  }
}

/** As many tasks as the request shows, which is what it asks for. */
function usualInstructions({ demonstrations }: Shown): string {
  return numberedList(demonstrations.map(({ instruction }) => instruction))
    .replace(/^1\./, `${demonstrations.length + 1}.`)
    .replace(/\n\d+\.$/, '')
}

/** Seventeen more of the kind that is shown. */
function usualTasks({ demonstrations }: Shown): string {
  const tasks = Array.from({ length: 17 }, (_, n) => {
    const { instruction, instances = [] } = demonstrations[n % demonstrations.length]!
    const number = demonstrations.length + 1 + n
    const { input, output } = instances[0]!
    return `${number}. Instruction: ${instruction}\n${number}. Input:\n${input}\n${number}. Output:\n${output}\n`
  })
  return tasks.join('###\n')
}

const usualInstances = inputFirstDemonstrations.split('\n\n')[0]!.split('\n').slice(1).join('\n')
