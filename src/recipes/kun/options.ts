import { z } from 'zod'
import { modelOptions } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { selectionOptions } from '../select/index.js'

export const kunOptions = z.object({
  ...selectionOptions,
  ...modelOptions,
  ...structuredOption,
  language: z
    .enum(['zh', 'en'])
    .default('zh')
    .describe('language of prompts and keyword rules; zh is the published one'),
  maxTextTokens: z
    .int()
    .min(1)
    .default(512)
    .describe('most tokens of a text, and of the question for its answer, by the estimate of text/token-count.ts'),
  rules: z
    .enum(['strict', 'right'])
    .default('right')
    .describe(
      "strict: the judge's label counts anywhere in its reply, as published; right: only where it is the verdict",
    ),
  repetition: z
    .enum(['prefix', 'anywhere'])
    .default('prefix')
    .describe('where an answer may not repeat itself more than five times on end'),
})

export type KunConfig = z.infer<typeof kunOptions>
