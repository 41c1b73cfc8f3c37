import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Embedder } from '../../embed/types.js'
import { applyWhitening } from '../../embed/whiten.js'
import { type Schema, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import type { Pass } from '../../run/types.js'
import { createSketch, type Sketch } from '../../select/coreset.js'
import { batch } from '../../stream/batch.js'
import { keep } from '../../stream/keep.js'
import { pipe } from '../../stream/pipe.js'
import type { Batches } from '../../stream/types.js'
import { watchBadShard } from '../bad-shards.js'
import { shardTasks } from '../tasks.js'
import type { Resources } from '../types.js'
import { type JudgeText, readTexts, type TextRow } from './corpus.js'
import { coresetSize, type SelectionConfig } from './options.js'
import { type Pinned, readPinned } from './pilot.js'
import { createVectorFile } from './vectors.js'

/** What the scan keeps of a row: the text stays in its shard, and its vector is in the vector file at the same place. */
export type Kept = { id: string; row: number }
const keptSchema: Schema = { id: 'string', row: 'int32' }

/** Reads every row once: judges it, embeds it, spills its vector and offers it to the shard's sketch. */
export function scanPass(config: SelectionConfig, resources: Resources, judge: JudgeText): Pass {
  return {
    name: 'scan',
    tasks: ({ plan }) => shardTasks(plan, config, resources),
    async work(task, { plan, committed, folder, signal, progress }) {
      const embedder = await resources.embedder()
      const pinned = await readPinned({ plan, committed })
      const sketch = createSketch({ pilot: pinned.pilot, size: coresetSize(config), seed: config.seed })
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      const vectors = await createVectorFile(join(folder, 'vectors.f32'))
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
        const kept = await pipe(
          readTexts(shard, config, { rows, signal, reading, onReject: log.reject, onRows, onBad }),
          keep('select', (row) => judge(row.text), log.reject),
          batch({ rows: 1024 }),
          (source) => spill(source, { embedder, pinned, sketch, vectors, signal }),
          writeRows(join(folder, 'kept.parquet'), { schema: keptSchema }),
        )
        await writeFile(join(folder, 'sketch.bin'), sketch.encode())
        read += await leaveRest()
        return { in: read, out: kept.rows, rejected: log.rejected, failed: {} }
      } finally {
        log.close()
        await vectors.close()
      }
    },
  }
}

type Spill = {
  embedder: Embedder
  pinned: Pinned
  sketch: Sketch
  vectors: { write(vectors: Float32Array): Promise<void> }
  signal: AbortSignal
}

async function* spill(
  source: Batches<TextRow>,
  { embedder, pinned, sketch, vectors, signal }: Spill,
): AsyncGenerator<Kept[]> {
  for await (const rows of source) {
    const embedded = await embedder.embed(
      rows.map((row) => row.text),
      { signal },
    )
    const whitened = applyWhitening(pinned.whitening, embedded)
    const ids = rows.map((row) => row.id)
    sketch.push(ids, whitened)
    await vectors.write(whitened)
    yield rows.map(({ id, row }) => ({ id, row }))
  }
}
