import type { Pass } from '../../run/types.js'
import { requireMemory } from '../memory.js'
import type { Resources } from '../types.js'
import { besideVector, type Held } from './held.js'
import { coresetSize, type SelectionConfig } from './options.js'
import type { Strategy } from './strategies/strategy.js'

/** Of a chosen row that is held, before it is read. */
const usualBytes = 1024

/**
 * The same pass, the first of a selection, which refuses to begin where `--max-memory` has no room for what is known to be held at
 * once, by it or by the strategy's passes.
 */
export function withRoom(
  pass: Pass,
  { vectors = 'whitened', holds, chosenBytes }: Pick<Strategy, 'vectors' | 'holds' | 'chosenBytes'>,
  config: SelectionConfig,
  { embedder, memory }: Pick<Resources, 'embedder' | 'memory'>,
): Pass {
  if (memory?.maxMemory === undefined) return pass
  const { workers = 1 } = memory
  return {
    ...pass,
    async work(task, context) {
      const dimensions = vectors === 'none' ? 0 : (await embedder()).dimensions
      const { select } = config
      const rowBytes = chosenBytes === undefined ? usualBytes : chosenBytes(config) / select
      const chosen: Held = { what: `${select} chosen rows`, rows: select, rowBytes }
      const phases = [
        [...(vectors === 'whitened' ? [heldByCoreset(config, dimensions, workers)] : []), chosen],
        ...(holds ? [[holds(config, dimensions), chosen]] : []),
      ]
      for (const held of phases) {
        const bytes = held.reduce((sum, { rows, rowBytes }) => sum + rows * rowBytes, 0)
        requireMemory(memory, bytes, {
          what: held.map(({ what }) => what).join(', and '),
          fix: 'Allow more with --max-memory, or ask for fewer with --select, --clusters or --coreset-rows.',
        })
      }
      return pass.work(task, context)
    },
  }
}

/** The sketch of a scan, which has room for a quarter more rows than it keeps and, while two are merged, another beside it. */
function heldByCoreset(config: SelectionConfig, dimensions: number, workers: number): Held {
  const rows = coresetSize(config)
  // Each thread has a sketch of its own.
  const rowBytes = workers * 2.5 * (4 * dimensions + besideVector)
  return { what: `a coreset of ${rows} rows of ${dimensions} dimensions`, rows, rowBytes }
}
