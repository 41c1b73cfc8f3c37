import { z } from 'zod'
import { badShardOption } from '../bad-shards.js'

/** Options of every selection, whatever its strategy; a strategy's own are in its file in strategies/. */
export const corpusOptions = {
  textColumn: z.string().min(1).default('text').describe('column that holds the text'),
  idColumn: z.string().min(1).optional().describe('column whose values become row ids (default: <shard>#<row>)'),
  select: z.int().min(1).default(1000).describe('rows to choose'),
  clusters: z.int().min(1).max(20_000).optional().describe('k of k-means (default: a tenth of --select, 8 to 1,000)'),
  coresetRows: z.int().min(1).optional().describe('rows of the coreset (default: 100 a cluster, at least 20,000)'),
  embedder: z.string().default('static').describe('static (bundled, English and Chinese) or openai:NAME'),
  embedderEndpoint: z.string().optional().describe('base URL of the embedding endpoint, with /v1'),
  ...badShardOption,
  seed: z.int().default(0).describe('seed of every random choice'),
}

export type SelectionConfig = z.infer<z.ZodObject<typeof corpusOptions>>

/** k: as asked, or a tenth of the rows to choose, between 8 and 1,000, and never more than the rows to choose. */
export function clusterCount(config: SelectionConfig): number {
  const derived = Math.min(1000, Math.max(8, Math.ceil(config.select / 10)))
  return config.clusters ?? Math.min(config.select, derived)
}

/** Rows of the coreset: as asked, or 100 a cluster and at least 20,000 (figures behind it: README.md). */
export function coresetSize(config: SelectionConfig): number {
  return config.coresetRows ?? Math.max(20_000, 100 * clusterCount(config))
}
