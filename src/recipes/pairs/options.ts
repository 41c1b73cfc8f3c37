import { z } from 'zod'
import { badShardOption } from '../pass/bad-shards.js'
import { corpusOptions, embedderOptions, type SelectionConfig } from '../select/options.js'

/** Options of every recipe that reads instructions with their answers. */
export const pairOptions = {
  instructionColumn: z.string().min(1).default('instruction').describe('column that holds the instruction'),
  inputColumn: z
    .string()
    .min(1)
    .optional()
    .describe("column with the instruction's input (default: `input`, in rows that have it)"),
  outputColumn: z.string().min(1).default('output').describe('column that holds the answer'),
  messagesColumn: z
    .string()
    .min(1)
    .optional()
    .describe(
      'column of conversations to read instead (default: `messages` or `conversations`, in shards, or rows of JSONL, without an instruction)',
    ),
  idColumn: z.string().min(1).optional().describe('column whose values become row ids (default: <shard>#<row>)'),
  ...badShardOption,
}

export type PairConfig = z.infer<z.ZodObject<typeof pairOptions>>

const { select, seed } = corpusOptions

/** Options of those that choose among pairs by what a model says of them. */
export const pairSelectionOptions = { ...pairOptions, select, ...embedderOptions, seed }

export type PairSelectionConfig = z.infer<z.ZodObject<typeof pairSelectionOptions>>

/** The options as the passes of a selection take them. */
export function asSelection<C extends PairSelectionConfig>(config: C): C & SelectionConfig {
  return { ...config, textColumn: config.instructionColumn }
}
