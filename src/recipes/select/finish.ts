import type { Pass } from '../../run/types.js'
import { type FinishOptions, finishPass } from '../finish.js'
import { schemaOfPass } from '../pass-schema.js'
import { fetchedFile, originSchema } from './fetch.js'

/** The passes that a corpus row goes through while rows are chosen. */
export const selectionChain = ['scan', 'choose', 'fetch']

/** What a selection that asks a model adds: `beside` are chains of passes that take no rows of the corpus. */
type Asked = Pick<FinishOptions, 'calls' | 'reading'> & { beside: readonly (readonly string[])[] }

/** Writes the chosen rows with every column they had. */
export function writeChosenPass({ beside, ...asked }: Asked = { beside: [] }): Pass {
  return finishPass({
    ...asked,
    summary: 'A subset of a corpus: rows chosen by a strategy, every column as it was.',
    rows: { passes: ['fetch'], file: fetchedFile },
    schema: async (run) => ({ ...originSchema, ...(await schemaOfPass(run, 'fetch', fetchedFile)) }),
    chains: [selectionChain, ...beside],
  })
}
