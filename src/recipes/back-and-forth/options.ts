import { z } from 'zod'
import { minBelowMax } from '../char-range.js'
import { languageOption } from '../language.js'
import { modelOptions } from '../model-options.js'
import { selectionOptions } from '../select/index.js'
import { structuredOption } from '../structured.js'

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
