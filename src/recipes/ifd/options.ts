import { z } from 'zod'
import { modelOptions } from '../ask/model-options.js'
import { pairSelectionOptions } from '../pairs/options.js'

const { model, endpoint } = modelOptions

export const ifdOptions = z.object({
  ...pairSelectionOptions,
  model,
  endpoint,
  maxPairTokens: z
    .int()
    .min(2)
    .default(1024)
    .describe('most tokens of instruction and answer together, by estimate; the answer is cut'),
  maxCosine: z
    .number()
    .min(-1)
    .max(1)
    .optional()
    .describe('most that a row may be like one of a higher ratio that was taken, by cosine (default: not compared)'),
})

export type IfdConfig = z.infer<typeof ifdOptions>
