import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { pairSelectionOptions } from '../pairs/options.js'
import { deitaStrategy } from '../select/strategies/deita.js'

export const deitaOptions = z
  .object({
    ...pairSelectionOptions,
    select: z.int().min(1).default(6000).describe('rows to choose'),
    ...deitaStrategy.options,
    ...modelOptions,
    ...languageOption,
    ...structuredOption,
    scores: z
      .enum(['said', 'expected'])
      .default('said')
      .describe(
        "said: the whole number of the model's reply; expected: the mean by its log-probabilities of the six, as published",
      ),
  })
  .refine(({ structured, scores }) => !structured || scores === 'said', {
    path: ['structured'],
    message: 'with --scores expected the model writes no reply',
  })

export type DeitaConfig = z.infer<typeof deitaOptions>
