import { join } from 'node:path'
import type { Embedder } from '../../embed/types.js'
import { createVectorFile } from '../select/vectors.js'
import type { TextSpill } from './scan.js'

/** The vectors of a scan's rows, one after another; all zeros where a row has none. */
export const vectorFile = 'vectors.f32'

/** Texts embedded at once. */
const batchRows = 1024

/** Spills embeddings. */
export async function embeddingSpill(folder: string, embedder: Embedder, signal: AbortSignal): Promise<TextSpill> {
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
        const vectors = await embedder.embed(
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
      await skipTo(rows)
      await file.close()
    },
  }
}
