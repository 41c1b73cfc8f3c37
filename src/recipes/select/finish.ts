import type { Schema } from '../../formats/index.js'
import type { Pass } from '../../run/types.js'
import { type FinishOptions, finishPass } from '../pass/finish.js'
import { schemaOfPass } from '../pass/pass-schema.js'
import { fetchedFile, fetchNames, originSchema } from './fetch.js'
import type { SelectionConfig } from './options.js'

/** The passes that a corpus row goes through while rows are chosen, in order. */
export function selectionChain(config: Pick<SelectionConfig, 'idColumn'>): string[] {
  return ['scan', 'choose', ...fetchNames(config)]
}

/** What a selection that asks a model adds: `chains` are passes that take no rows of the corpus, `columns` what it left. */
type Asked = Pick<FinishOptions, 'calls' | 'reading' | 'tables'> & {
  summary?: string
  chains?: readonly (readonly string[])[]
  columns?: Schema
}

/** Writes the chosen rows with every column they had. */
export function writeChosenPass(
  config: Pick<SelectionConfig, 'idColumn'>,
  { chains = [], columns = {}, ...asked }: Asked = {},
): Pass {
  return finishPass({
    summary: 'A subset of a corpus: rows chosen by a strategy, every column as it was.',
    ...asked,
    rows: { passes: ['fetch'], file: fetchedFile },
    schema: async (run) => ({ ...originSchema, ...(await schemaOfPass(run, 'fetch', fetchedFile)), ...columns }),
    chains: [selectionChain(config), ...chains],
  })
}
