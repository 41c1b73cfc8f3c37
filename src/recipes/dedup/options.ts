import { z } from 'zod'
import { badShardOption } from '../pass/bad-shards.js'
import { embedderOptions } from '../select/options.js'

/** Options of the recipe: what makes two rows duplicates, and from which likeness on. */
export const dedupOptions = z.object({
  by: z
    .enum(['minhash', 'exact', 'semantic', 'rouge'])
    .default('minhash')
    .describe('what is compared: shingles of words, the whole text, embeddings, or ROUGE-L with every row kept before'),
  textColumn: z.string().min(1).default('text').describe('column that holds the text, or the conversation'),
  idColumn: z.string().min(1).optional().describe('column whose values become row ids (default: <shard>#<row>)'),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('likeness from which rows are duplicates (default: minhash 0.65, semantic 0.98, rouge above 0.7)'),
  ngram: z.int().min(1).default(5).describe('minhash: words of a shingle, or characters of Chinese and its like'),
  bands: z.int().min(1).max(100).default(20).describe('minhash: bands, of which one must agree'),
  bandRows: z.int().min(1).max(32).default(5).describe('minhash: hashes of a band'),
  tokens: z
    .enum(['words', 'ascii'])
    .default('words')
    .describe("rouge: words of any script, or rouge-score's a-z and 0-9"),
  ...embedderOptions,
  ...badShardOption,
  seed: z.int().default(0).describe('seed of every random choice'),
})

export type DedupConfig = z.infer<typeof dedupOptions>

/** The config keys that decide what is compared; `threshold` alone is left to the decision. */
export const comparisonSettings: readonly string[] = [...Object.keys(dedupOptions.shape), 'limits'].filter(
  (key) => key !== 'threshold',
)

/** The passes that the threshold bears on, but where it decides what is compared. */
export const decisionPasses: readonly string[] = ['decide', 'write', 'finish']

/** The threshold as asked, or the one that suits what is compared. */
export function thresholdOf({ by, threshold }: DedupConfig): number {
  return threshold ?? { minhash: 0.65, exact: 1, semantic: 0.98, rouge: 0.7 }[by]
}
