import { join } from 'node:path'
import type { Task, TaskContext } from '../../run/types.js'
import { spillPrecisionOf } from '../select/options.js'
import { createVectorFile, vectorsFile } from '../select/vector-file.js'
import type { Resources } from '../types.js'
import { openShardEmbedder } from '../vectors/shard-embedder.js'
import type { DedupConfig } from './options.js'
import type { TextSpill } from './scan.js'

/** Texts embedded at once. */
const batchRows = 1024

/** Spills embeddings, rounded as they lie on disk; a row that has none is all zeros. */
export async function embeddingSpill(
  { shard, rows }: Task,
  { plan, folder, signal, warn }: TaskContext,
  { config, resources }: { config: DedupConfig; resources: Resources },
): Promise<TextSpill> {
  const place = { shard: plan.shards[shard!]!, rows, textColumn: config.textColumn, warn }
  const embedder = await openShardEmbedder(resources, place)
  const { dimensions } = embedder
  const precision = spillPrecisionOf(config)
  const file = await createVectorFile(join(folder, vectorsFile), { dimensions, precision }).catch((error) =>
    embedder.close().then(() => Promise.reject(error)),
  )
  let written = 0
  const skipTo = async (row: number) => {
    for (; written < row; written += Math.min(batchRows, row - written)) {
      await file.write(new Float32Array(Math.min(batchRows, row - written) * dimensions))
    }
  }
  return {
    async push(rows, localOf) {
      for (let from = 0; from < rows.length; from += batchRows) {
        const part = rows.slice(from, from + batchRows)
        const numbers = part.map(({ row }) => row)
        const vectors = await embedder.embed(
          numbers,
          part.map(({ text }) => text),
          { signal },
        )
        for (let n = 0; n < part.length; ) {
          // Rows without a text between them are rare: the others go out in runs.
          const first = localOf(part[n]!)
          let end = n + 1
          while (end < part.length && localOf(part[end]!) === first + end - n) end++
          await skipTo(first)
          await file.write(vectors.subarray(n * dimensions, end * dimensions))
          written += end - n
          n = end
        }
      }
    },
    async finish(rows) {
      await skipTo(rows).finally(embedder.close).finally(file.close)
    },
  }
}
