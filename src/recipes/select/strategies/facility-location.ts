import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskContext } from '../../../run/types.js'
import { facilityLocation } from '../../../select/facility-location.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { inTurns } from '../chosen.js'
import type { SelectionConfig } from '../options.js'
import { coresetPool, refuseMany } from '../pool.js'
import type { Strategy } from './strategy.js'

/**
 * Facility location on the coreset (Wei, Iyer and Bilmes 2015; with a score before it Superfiltering, arXiv 2402.00530): rows
 * that leave the sum of squared distances of all rows to the nearest of them small, taken greedily.
 */
export const facilityLocationStrategy: Strategy<Record<never, never>> = {
  summary: 'all rows have a chosen one near on average',
  options: {},
  passes(config) {
    refuseMany({ ...config, by: 'facility-location' })
    return [choosePass(config, choose)]
  },
}

/** Leaves how much is left of that sum, a row, in facility-location.json. */
async function choose(context: TaskContext, config: SelectionConfig): Promise<Choices> {
  const pool = await coresetPool(context, config)
  const { rows, gaps, cost } = await facilityLocation(pool, { k: config.select, signal: context.signal })
  const weight = pool.weights.reduce((sum, each) => sum + each, 0)
  const meanSquaredDistance = weight === 0 ? 0 : cost / weight
  await writeFile(join(context.folder, 'facility-location.json'), `${JSON.stringify({ meanSquaredDistance })}\n`)
  const ids = Array.from(rows, (row) => pool.ids[row]!)
  return inTurns(ids, gaps)
}
