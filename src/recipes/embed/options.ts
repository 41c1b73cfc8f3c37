import { z } from 'zod'
import { badShardOption } from '../pass/bad-shards.js'
import { corpusOptions } from '../select/options.js'

const { textColumn, idColumn, embedder, embedderEndpoint } = corpusOptions

/** Options of the recipe; the corpus's are a selection's. */
export const embedOptions = z.object({
  textColumn,
  idColumn,
  embedder,
  embedderEndpoint,
  ...badShardOption,
  precision: z
    .enum(['float32', 'int16', 'int8'])
    .default('float32')
    .describe('numbers of a vector: float32, or whole ones and a scale a row, in a half or a quarter of the room'),
})

export type EmbedConfig = z.infer<typeof embedOptions>
