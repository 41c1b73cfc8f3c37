import { join } from 'node:path'
import type { Task, TaskContext } from '../../run/types.js'
import { createVectorFile } from '../select/vectors.js'
import type { Resources } from '../types.js'
import { openShardEmbedder } from '../vectors/shard-embedder.js'
import type { DedupConfig } from './options.js'
import type { TextSpill } from './scan.js'

/** The vectors of a scan's rows, one after another; all zeros where a row has none. */
export const vectorFile = 'vectors.f32'

/** Texts embedded at once. */
const batchRows = 1024

/** Spills embeddings. */
export async function embeddingSpill(
  { shard, rows }: Task,
  { plan, folder, signal, warn }: TaskContext,
  { config, resources }: { config: DedupConfig; resources: Resources },
): Promise<TextSpill> {
  const place = { shard: plan.shards[shard!]!, rows, textColumn: config.textColumn, warn }
  const embedder = await openShardEmbedder(resources, place)
  const file = await createVectorFile(join(folder, vectorFile))
  let written = 0
  const skipTo = async (row: number) => {
    for (; written < row; written += Math.min(batchRows, row - written)) {
      await file.write(new Float32Array(Math.min(batchRows, row - written) * embedder.dimensions))
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
          await file.write(vectors.subarray(n * embedder.dimensions, end * embedder.dimensions))
          written += end - n
          n = end
        }
      }
    },
    async finish(rows) {
      try {
        await skipTo(rows)
        await embedder.close()
      } finally {
        await file.close()
      }
    },
  }
}
