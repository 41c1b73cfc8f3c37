import { join } from 'node:path'
import { quantize } from '../../embed/quantize.js'
import type { Embedder } from '../../embed/types.js'
import { type Columns, type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass } from '../../run/types.js'
import { batch } from '../../stream/batch.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches } from '../../stream/types.js'
import { watchBadShard } from '../bad-shards.js'
import { readTexts, type TextRow } from '../select/corpus.js'
import { shardTasks } from '../tasks.js'
import type { Resources } from '../types.js'
import type { EmbedConfig } from './options.js'

/** The file a task leaves: a row for each text of its shard, in order. */
export const vectorsFile = 'vectors.parquet'

/** Embeds every text of the corpus; a row without a text leaves as a reject. */
export function vectorsPass(config: EmbedConfig, resources: Resources): Pass {
  return {
    name: 'embed',
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, { plan, folder, signal, progress }) {
      const embedder = await resources.embedder()
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      let read = 0
      const onRows = (rows: number) => {
        read += rows
        progress(rows)
      }
      const shard = plan.shards[task.shard!]!
      const { rows } = task
      const { reading } = resources
      const { onBad, leaveRest } = watchBadShard(config, { shard, rows, log, reading })
      try {
        const written = await pipe(
          readTexts(shard, config, { rows, signal, reading, onReject: log.reject, onRows, onBad }),
          batch({ rows: 1024 }),
          (source) => embedRows(source, embedder, config.precision, signal),
          writeRows(join(folder, vectorsFile), {
            schema: vectorSchema(config.precision, embedder.dimensions),
            metadata: { 'sluice.embedder': embedder.id },
          }),
        )
        read += await leaveRest()
        return { in: read, out: written.rows, rejected: log.rejected, failed: {} }
      } finally {
        log.close()
      }
    },
  }
}

/** Whole numbers stand as little-endian bytes, so that they take their own size and no more. */
function vectorSchema(precision: EmbedConfig['precision'], dimensions: number): Schema {
  return precision === 'float32'
    ? { id: 'string', vector: { vector: dimensions } }
    : { id: 'string', scale: 'float', vector: 'binary' }
}

async function* embedRows(
  source: Batches<TextRow>,
  embedder: Embedder,
  precision: EmbedConfig['precision'],
  signal: AbortSignal,
): AsyncGenerator<Columns[]> {
  const { dimensions } = embedder
  for await (const rows of source) {
    const vectors = await embedder.embed(
      rows.map(({ text }) => text),
      { signal },
    )
    if (precision === 'float32') {
      yield rows.map(({ id }, n) => ({ id, vector: vectors.subarray(n * dimensions, (n + 1) * dimensions) }))
      continue
    }
    const { scales, values } = quantize(vectors, dimensions, precision)
    const rowBytes = dimensions * values.BYTES_PER_ELEMENT
    const bytes = new Uint8Array(values.buffer)
    yield rows.map(({ id }, n) => ({
      id,
      scale: scales[n]!,
      vector: bytes.subarray(n * rowBytes, (n + 1) * rowBytes),
    }))
  }
}
