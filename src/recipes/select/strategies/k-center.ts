import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Pass, reduceTask } from '../../../run/types.js'
import { type KCenter, kCenter } from '../../../select/k-center.js'
import { thinRows } from '../../../select/weighted-rows.js'
import { countCommitted, requireRows } from '../../artifacts.js'
import { locateChosen, writeChosen } from '../chosen.js'
import type { SelectionConfig } from '../options.js'
import { mergeSketches } from '../solve.js'
import { readKeptVectors } from '../vectors.js'
import type { Strategy } from './strategy.js'

/** Rows of the pool to begin with; of many centres, four a centre. */
const poolRows = 10_000

/**
 * The k rows that leave no row far from all of them: k-center (Gonzalez 1985; as a way to choose training data Sener and
 * Savarese 2018), certified to be within 2 % of twice the least possible radius. It seeks outliers out: mind what is kept.
 */
export const kCenterStrategy: Strategy<Record<never, never>> = {
  summary: 'no row is left far from all chosen ones',
  options: {},
  passes: (config) => [choosePass(config)],
}

/** Leaves the radius and its certificate in k-center.json, beside the chosen rows. */
function choosePass(config: SelectionConfig): Pass {
  return {
    name: 'choose',
    tasks: async () => reduceTask,
    async work(_task, context) {
      requireRows(context, 'scan')
      const { select: k, seed } = config
      const coreset = await mergeSketches(context, config)
      const { dimensions } = coreset
      const isWhole = coreset.ids.length === countCommitted(context, ['scan'])
      const found = await kCenter({
        ...(isWhole
          ? { pool: coreset }
          : {
              pool: thinRows(coreset, Math.max(poolRows, 4 * k), { seed, use: 'k-center pool' }),
              rows: () => readKeptVectors(context, dimensions),
            }),
        dimensions,
        k,
        seed,
        signal: context.signal,
      })
      const { radius, optimumAtLeast, rounds } = found
      await writeFile(join(context.folder, 'k-center.json'), `${JSON.stringify({ radius, optimumAtLeast, rounds })}\n`)
      return writeChosen(context, await locateChosen(context, turnsOf(found)), config)
    },
  }
}

/** `cluster` is the turn in which a row was taken, `distance` that to those before it. */
function turnsOf({ ids, gaps }: KCenter): Map<string, { cluster: number; distance: number }> {
  return new Map(ids.map((id, turn) => [id, { cluster: turn, distance: turn > 0 ? gaps[turn]! ** 2 : 0 }]))
}
