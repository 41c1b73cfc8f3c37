import { sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { structuredStage } from '../ask/structured.js'
import type { ChosenText } from '../select/fetch.js'
import type { ModelStage, Sampling } from '../types.js'
import type { KunConfig } from './options.js'
import { labelPrompt, pointPrompt, polishPrompt } from './prompts.js'

/** A text with its instruction and the answer written from it. */
export type Polished = ChosenText & { readonly instruction: string; readonly output: string }

export type KunStages = {
  readonly label: ModelStage<ChosenText, { instruction: string }>
  readonly point: ModelStage<ChosenText & { readonly instruction: string }, { isGood: boolean }>
  readonly polish: ModelStage<ChosenText & { readonly instruction: string }, { output: string }>
}

/** The three questions of the flow, all drawn as the published scripts draw. */
export function kunStages(config: KunConfig, texts: PromptTexts): KunStages {
  const { language, maxTextTokens: maxTokens } = config
  const sampling = samplingOf(config)
  const isChinese = language === 'zh'
  return {
    label: {
      name: 'label',
      prompt: labelPrompt(language, texts),
      sampling,
      usualReply: () =>
        isChinese
          ? '请介绍这个主题的要点，并说明它们之间的关系。'
          : 'Explain the main points of the subject and how they fit together.',
    },
    point: structuredStage<ChosenText & { readonly instruction: string }, { isGood: boolean }>(
      {
        name: 'point',
        prompt: pointPrompt(config, texts),
        sampling,
        // Of the 3,000 questions that Kun published 353 hold a keyword.
        reach: { low: 0.4, expected: 0.85, high: 1 },
        usualReply: () => (isChinese ? '【好】' : '[good]'),
      },
      config,
    ),
    polish: {
      name: 'polish',
      prompt: polishPrompt({ language, maxTokens }, texts),
      sampling,
      reach: { low: 0.1, expected: 0.5, high: 1 },
      usualReply: ({ text }) => text,
    },
  }
}

/** The published scripts' sampling, but for their repetition penalty of 1.2, which the chat API does not have. */
function samplingOf(config: KunConfig): Sampling {
  return sampledAs({ temperature: 0.5, topP: 0.95, maxTokens: 1024, stop: ['</s>'] }, config)
}
