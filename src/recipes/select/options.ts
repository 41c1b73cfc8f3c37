import { z } from 'zod'
import type { Precision } from '../../embed/quantize.js'
import { badShardOption } from '../pass/bad-shards.js'

/** Options of whatever embeds texts. */
export const embedderOptions = {
  embedder: z.string().default('static').describe('static (bundled, English and Chinese), openai:NAME or onnx:FOLDER'),
  embedderEndpoint: z.string().optional().describe('base URL of the embedding endpoint, with /v1'),
  embedderPrecision: z
    .enum(['float32', 'int16', 'int8'])
    .optional()
    .describe('numbers that vectors are rounded to (default: int16; float32 for those static gives, int16 on disk)'),
}

export type EmbedderSettings = z.infer<z.ZodObject<typeof embedderOptions>> & {
  /** What the recipe `embed` calls the same. */
  readonly precision?: Precision
}

/** What the embedder's vectors are rounded to, whether they are kept or not. */
export function precisionOf({ embedder, embedderPrecision, precision }: EmbedderSettings): Precision {
  return precision ?? embedderPrecision ?? (embedder === 'static' ? 'float32' : 'int16')
}

/** What the vectors that a run spills are rounded to: all its choices go by these. */
export function spillPrecisionOf({ embedderPrecision }: EmbedderSettings): Precision {
  return embedderPrecision ?? 'int16'
}

/** Options of every selection, whatever its strategy; a strategy's own are in its file in strategies/. */
export const corpusOptions = {
  textColumn: z.string().min(1).default('text').describe('column that holds the text, or the conversation'),
  idColumn: z.string().min(1).optional().describe('column whose values become row ids (default: <shard>#<row>)'),
  select: z.int().min(1).default(1000).describe('rows to choose'),
  clusters: z.int().min(1).max(20_000).optional().describe('k of k-means (default: a tenth of --select, 8 to 1,000)'),
  coresetRows: z.int().min(1).optional().describe('rows of the coreset (default: 100 a cluster, at least 20,000)'),
  ...embedderOptions,
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
