import { z } from 'zod'
import { families } from '../../filters/index.js'
import { badShardOption } from '../pass/bad-shards.js'
import { minBelowMax } from '../pass/char-range.js'

/** What a row must pass, in the order FineWeb has it; the last four take options of their own. */
export const ruleNames = [...Object.keys(families), 'length', 'language', 'decontamination'] as const

const summaries = Object.entries(families).map(([name, { summary }]) => `${name} (${summary})`)

export const filterOptions = z
  .object({
    textColumn: z.string().min(1).default('text').describe('column that holds the text, or the conversation'),
    idColumn: z.string().min(1).optional().describe('column whose values become row ids (default: <shard>#<row>)'),
    rules: z
      .string()
      .min(1)
      .default('gopher-repetition,gopher-quality,fineweb')
      .describe(
        `families of rules in the order they are asked, of ${[...summaries, 'length', 'language', 'decontamination'].join(', ')}`,
      ),
    minChars: z.int().min(0).default(200).describe('length: fewest characters of a text'),
    maxChars: z.int().min(1).default(100_000).describe('length: most characters of a text'),
    languages: z.string().default('en').describe('language: ISO 639-1 codes to keep, separated by commas'),
    testData: z.string().optional().describe('decontamination: file of the test set'),
    testColumns: z
      .string()
      .default('')
      .describe('decontamination: its columns to look at (default: all that hold text)'),
    testWords: z
      .int()
      .min(3)
      .default(13)
      .describe('decontamination: words of a run that no text may share with the test set'),
    ...badShardOption,
    c4Lines: z
      .boolean()
      .default(false)
      .describe('c4: write only the lines of a text that C4 keeps; conversations stay whole'),
  })
  .refine(...minBelowMax)

export type FilterConfig = z.infer<typeof filterOptions>
