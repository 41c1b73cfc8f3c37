import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { corpusOptions } from '../select/options.js'

const { clusters: _, ...corpus } = corpusOptions

export const options = z.object({
  ...corpus,
  textColumn: z.string().min(1).default('instruction').describe('column that holds the instruction'),
  inputColumn: z
    .string()
    .min(1)
    .optional()
    .describe("column with the instruction's input, shown below it (default: `input`, in rows that have it)"),
  ...modelOptions,
  ...languageOption,
  ...structuredOption,
  picks: z
    .int()
    .min(1)
    .optional()
    .describe('rows to pick a question (default: as many as make 1,000 questions or fewer)'),
  grouping: z
    .enum(['diverse', 'similar', 'random'])
    .default('diverse')
    .describe('what a question shows: a row of every cluster, rows of one cluster, or any'),
  maxItemChars: z.int().min(20).default(2000).describe('most characters of a row that a question shows'),
})

export type SelectLlmConfig = z.infer<typeof options>

/** How a corpus is dealt out: `questions` of `items` rows each, of which the model picks `picks`. */
export type Deal = { readonly questions: number; readonly items: number; readonly picks: number }

/** Questions when nobody says otherwise (SelectLLM's published code, arXiv 2401.16553: Q = 1000, and `local` = n / 1000 of each). */
const usualQuestions = 1000

/** Q = ceil(n / picks) questions of K = ceil(N / Q) rows: for any N, and any n up to it. */
export function dealOf(rows: number, { select, picks }: Pick<SelectLlmConfig, 'select' | 'picks'>): Deal {
  const wanted = Math.min(select, rows)
  const each = Math.min(picks ?? Math.ceil(wanted / usualQuestions), wanted)
  const questions = Math.ceil(wanted / Math.max(1, each))
  return { questions, items: Math.ceil(rows / Math.max(1, questions)), picks: each }
}
