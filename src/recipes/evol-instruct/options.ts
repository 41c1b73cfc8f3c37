import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions, sampledAs } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { badShardOption } from '../pass/bad-shards.js'
import type { Sampling } from '../types.js'

export const evolOptions = z.object({
  ...modelOptions,
  ...badShardOption,
  instructionColumn: z.string().min(1).default('instruction').describe('column that holds the instruction'),
  inputColumn: z
    .string()
    .min(1)
    .optional()
    .describe("column with the instruction's input (default: `input`, in rows that have it)"),
  idColumn: z.string().min(1).optional().describe('column whose values become row ids (default: <shard>#<row>)'),
  ...languageOption,
  ...structuredOption,
  mode: z
    .enum(['repository', 'paper'])
    .default('paper')
    .describe('5 operators and no elimination, as the published code; or 6 and four rules of it, as the paper'),
  rounds: z.int().min(1).max(16).optional().describe('rounds of evolution (default: 1 as repository, 4 as paper)'),
  h2oChecks: z.boolean().default(false).describe('also the checks of h2o-wizardlm on evolved instructions'),
  minBytes: z.int().min(0).default(512).describe('fewest bytes of an evolved instruction, for --h2o-checks'),
  maxBytes: z.int().min(1).default(1024).describe('most bytes of an evolved instruction, for --h2o-checks'),
  seed: z.int().default(0).describe('seed of the draw of operators'),
})

export type EvolConfig = z.infer<typeof evolOptions>

/** The rounds from 1 up: as many as asked for, or as published. */
export function roundsOf({ mode, rounds = mode === 'paper' ? 4 : 1 }: EvolConfig): number[] {
  return Array.from({ length: rounds }, (_, n) => n + 1)
}

/** How evolved instructions and answers are drawn: as published, or as the user set. */
export function writing(config: EvolConfig): Sampling {
  const topP = config.mode === 'paper' ? 0.9 : 0.95
  return sampledAs({ maxTokens: 2048, temperature: 1, topP }, config)
}

/** How the judge replies: one verdict, the same each time. No sampling of the judge was published. */
export const judging: Sampling = { maxTokens: 256, temperature: 0, topP: 1 }
