import { join } from 'node:path'
import { quantize } from '../../embed/quantize.js'
import { type Columns, type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { pipe } from '../../stream/pipe.js'
import { watchBadShard } from '../pass/bad-shards.js'
import { shardTasks } from '../pass/tasks.js'
import { readTextTiles, type TextTile } from '../select/text-tiles.js'
import type { Resources } from '../types.js'
import { openShardEmbedder } from '../vectors/shard-embedder.js'
import type { ShardEmbedder } from '../vectors/types.js'
import type { EmbedConfig } from './options.js'

/** The file a task leaves: a row for each text of its shard, in order. */
export const vectorsFile = 'vectors.parquet'

/** Embeds every text of the corpus; a row without a text leaves as a reject. */
export function vectorsPass(config: EmbedConfig, resources: Resources): Pass {
  return {
    name: 'embed',
    apart: true,
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, { plan, folder, signal, progress, warn }) {
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
      let embedder: ShardEmbedder | undefined
      const open = { close: () => closing(log, async () => embedder?.close()) }
      return closing(open, async () => {
        embedder = await openShardEmbedder(resources, { ...config, shard, rows, warn })
        const tiles = readTextTiles(shard, config, { rows, signal, reading, onReject: log.reject, onRows, onBad })
        const written = await pipe(
          embedTiles(tiles, embedder, config.precision, signal),
          writeRows(join(folder, vectorsFile), {
            schema: vectorSchema(config.precision, embedder.dimensions),
            metadata: { 'sluice.embedder': embedder.id },
          }),
        )
        read += await leaveRest()
        return { in: read, out: written.rows, rejected: log.rejected, failed: {} }
      })
    },
  }
}

/** Whole numbers stand as little-endian bytes, so that they take their own size and no more. */
function vectorSchema(precision: EmbedConfig['precision'], dimensions: number): Schema {
  return precision === 'float32'
    ? { id: 'string', vector: { vector: dimensions } }
    : { id: 'string', scale: 'float', vector: 'binary' }
}

async function* embedTiles(
  source: AsyncIterable<TextTile>,
  embedder: ShardEmbedder,
  precision: EmbedConfig['precision'],
  signal: AbortSignal,
): AsyncGenerator<Columns[]> {
  const { dimensions } = embedder
  for await (const { rows, texts } of source) {
    const numbers = rows.map(({ row }) => row)
    const vectors = await embedder.embed(numbers, texts, { signal })
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
