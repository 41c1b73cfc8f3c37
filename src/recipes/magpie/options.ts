import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions } from '../ask/model-options.js'
import { structuredOption } from '../ask/structured.js'
import { pairSelectionOptions } from '../pairs/options.js'
import { difficulties, qualities } from './prompts.js'

export const magpieOptions = z.object({
  ...pairSelectionOptions,
  ...modelOptions,
  ...languageOption,
  ...structuredOption,
  minQuality: z.enum(qualities).default('good').describe('least quality of an instruction, as the model labels it'),
  minDifficulty: z
    .enum(difficulties)
    .optional()
    .describe('least difficulty of an instruction, as the model labels it (default: not asked)'),
  rewardColumn: z.string().min(1).optional().describe('column with the score that a reward model gave the answer'),
  minReward: z.number().default(-10).describe('a reward must be above this, where there is a --reward-column'),
  maxCosine: z
    .number()
    .min(-1)
    .max(1)
    .default(0.975)
    .describe('most that an instruction may be like one with a longer answer that was taken, by cosine'),
})

export type MagpieConfig = z.infer<typeof magpieOptions>
