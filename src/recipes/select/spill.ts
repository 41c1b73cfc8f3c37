import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Texts } from '../../embed/types.js'
import { openWhitening } from '../../embed/whitening/apply.js'
import type { RunView, Task, TaskContext } from '../../run/types.js'
import { createSketch } from '../../select/coreset.js'
import type { Resources } from '../types.js'
import { openShardEmbedder } from '../vectors/shard-embedder.js'
import { coresetSize, type SelectionConfig, spillPrecisionOf } from './options.js'
import { readPinned } from './pilot.js'
import type { Place } from './text-tiles.js'
import { createVectorFile, vectorsFile } from './vector-file.js'

/**
 * The vectors that a scan leaves of its rows, rounded as they lie on disk: whitened by what the pilot pinned, with a sketch of
 * them; plain, as the embedder gave them; or none, and nothing is embedded.
 */
export type VectorKind = 'whitened' | 'plain' | 'none'

/** Where a scan puts the vectors of the rows that it keeps. */
export type Spill = {
  push(rows: readonly Place[], texts: Texts): Promise<void>
  /** Called when every row was pushed. */
  finish(): Promise<void>
  /** Lets the file go; also called where the scan failed. */
  close(): Promise<void>
}

export type SpillOptions = {
  view: TaskContext
  task: Task
  config: SelectionConfig
  resources: Resources
}

/** Opens a spill into the task's folder. */
export async function openSpill(kind: VectorKind, { view, task, config, resources }: SpillOptions): Promise<Spill> {
  if (kind === 'none') return { push: async () => {}, finish: async () => {}, close: async () => {} }
  const { plan, folder, signal, warn } = view
  const sketching = kind === 'whitened' ? await openSketch(view, config) : undefined
  const shard = plan.shards[task.shard!]!
  const embedder = await openShardEmbedder(resources, { ...config, shard, rows: task.rows, warn })
  const { dimensions } = embedder
  const precision = spillPrecisionOf(config)
  const vectors = await createVectorFile(join(folder, vectorsFile), { dimensions, precision }).catch((error) =>
    embedder.close().then(() => Promise.reject(error)),
  )
  return {
    async push(rows, texts) {
      const numbers = rows.map(({ row }) => row)
      const embedded = await embedder.embed(numbers, texts, { signal })
      const kept = await vectors.write(sketching ? sketching.whiten(embedded) : embedded)
      sketching?.push(
        rows.map(({ id }) => id),
        kept,
      )
    },
    async finish() {
      if (sketching) await writeFile(join(folder, 'sketch.bin'), sketching.encodeParts())
    },
    close: () => embedder.close().finally(vectors.close),
  }
}

/** Whitens rows, and offers them to the shard's sketch. */
async function openSketch(run: RunView, config: SelectionConfig) {
  const { pilot, whitening } = await readPinned(run)
  const whiten = openWhitening(whitening)
  const sketch = createSketch({ pilot, size: coresetSize(config), seed: config.seed })
  return {
    whiten,
    push: sketch.push,
    encodeParts: sketch.encodeParts,
  }
}
