import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { applyWhitening } from '../../embed/whitening/apply.js'
import { decodeWhitening, encodeWhitening } from '../../embed/whitening/artifact.js'
import { fitWhitening, type Whitening } from '../../embed/whitening/fit.js'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { decodePilot, encodePilot, fitPilot, type Pilot } from '../../select/pilot.js'
import { readArtifact } from '../pass/artifacts.js'
import type { Resources } from '../types.js'
import type { JudgeText } from './corpus.js'
import type { SelectionConfig } from './options.js'
import { firstKeptRows, leastHashedRows } from './pilot-rows.js'

/** Of the pilot's rows, the first are those the whitening is fitted on. */
const whiteningRows = 1000

/** What the pilot pins for the whole run. */
export type Pinned = { whitening: Whitening; pilot: Pilot }

/** Looks at some kept rows and pins what every later pass must share: the whitening, and the coreset's sensitivities. */
export function pilotPass(config: SelectionConfig, resources: Resources, judge: JudgeText | undefined): Pass {
  return {
    name: 'pilot',
    tasks: async () => reduceTask,
    async work(_task, { plan, folder, signal, progress, warn }) {
      const { dimensions } = await resources.embedder()
      const look = config.idColumn === undefined ? firstKeptRows : leastHashedRows
      const { ids, vectors } = await look({ plan, config, judge, resources, dimensions, signal, progress, warn })
      const whitening = fitWhitening(vectors.subarray(0, whiteningRows * dimensions), dimensions)
      const { seed } = config
      const pilot = await fitPilot(applyWhitening(whitening, vectors), dimensions, { seed, ids, signal })
      await writeFile(join(folder, 'whitening.bin'), encodeWhitening(whitening))
      await writeFile(join(folder, 'pilot.bin'), encodePilot(pilot))
      return emptyTally
    },
  }
}

/** Reads what the pilot pinned. */
export async function readPinned(run: RunView): Promise<Pinned> {
  return {
    whitening: decodeWhitening(await readArtifact(run, 'pilot', 'whitening.bin')),
    pilot: decodePilot(await readArtifact(run, 'pilot', 'pilot.bin')),
  }
}
