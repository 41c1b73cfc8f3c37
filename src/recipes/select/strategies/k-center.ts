import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskContext } from '../../../run/types.js'
import { kCenter } from '../../../select/k-center.js'
import { thinRows } from '../../../select/weighted-rows.js'
import { countCommitted } from '../../pass/artifacts.js'
import { type Choices, choosePass } from '../choose-pass.js'
import { inTurns } from '../chosen.js'
import type { SelectionConfig } from '../options.js'
import { poolSize } from '../pool.js'
import { mergeSketches } from '../solve.js'
import { readKeptVectors } from '../vectors.js'
import type { Strategy } from './strategy.js'

/**
 * The k rows that leave no row far from all of them: k-center (Gonzalez 1985; as a way to choose training data Sener and
 * Savarese 2018), certified to be within 2 % of twice the least possible radius. It seeks outliers out: mind what is kept.
 */
export const kCenterStrategy: Strategy<Record<never, never>> = {
  summary: 'no row is left far from all chosen ones',
  options: {},
  passes: (config) => [choosePass(config, choose)],
}

/** Leaves the radius and its certificate in k-center.json, beside the chosen rows. */
async function choose(context: TaskContext, config: SelectionConfig): Promise<Choices> {
  const { select: k, seed } = config
  const coreset = await mergeSketches(context, config)
  const { dimensions } = coreset
  const isWhole = coreset.ids.length === countCommitted(context, ['scan'])
  const found = await kCenter({
    ...(isWhole
      ? { pool: coreset }
      : {
          pool: thinRows(coreset, poolSize(k), { seed, use: 'k-center pool' }),
          rows: () => readKeptVectors(context, dimensions),
        }),
    dimensions,
    k,
    seed,
    signal: context.signal,
  })
  const { radius, optimumAtLeast, rounds } = found
  await writeFile(join(context.folder, 'k-center.json'), `${JSON.stringify({ radius, optimumAtLeast, rounds })}\n`)
  const turns = inTurns(
    found.ids,
    found.gaps.map((gap) => gap ** 2),
  )
  return turns
}
