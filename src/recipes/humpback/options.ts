import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { pairOptions } from '../pairs/options.js'
import { minBelowMax } from '../pass/char-range.js'

export const humpbackOptions = z
  .object({
    ...pairOptions,
    ...modelOptions,
    ...languageOption,
    ...structuredOption,
    minScore: z.int().min(1).max(5).default(5).describe('least score, of 1 to 5, of a pair that is kept'),
    rounds: z
      .int()
      .min(1)
      .max(4)
      .default(2)
      .describe('rounds of scoring; from the second on the judge is shown pairs of the scores that the last one gave'),
    minChars: z.int().min(0).default(10).describe('fewest characters of an instruction'),
    maxChars: z.int().min(1).default(800).describe('most characters of an instruction'),
    seedData: z.string().optional().describe('file of {instruction, output} rows, mixed in once'),
    seed: z.int().default(0).describe('seed of the draw of pairs that a later round is shown'),
  })
  .refine(...minBelowMax)

export type HumpbackConfig = z.infer<typeof humpbackOptions>
