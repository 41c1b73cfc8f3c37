import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { minBelowMax } from '../pass/char-range.js'
import { selectionOptions } from '../select/index.js'

export const backAndForthOptions = z
  .object({
    ...selectionOptions,
    ...modelOptions,
    ...languageOption,
    ...structuredOption,
    minChars: z.int().min(1).default(600).describe('fewest characters of a text'),
    maxChars: z.int().min(1).default(3000).describe('most characters of a text'),
    minScore: z.int().min(1).max(5).default(5).describe('least score, of 1 to 5, of a pair whose text is rewritten'),
  })
  .refine(...minBelowMax)

export type BackAndForthConfig = z.infer<typeof backAndForthOptions>
