import { join } from 'node:path'
import type { Schema } from '../../formats/index.js'
import { schemaOf } from '../../formats/shards.js'
import type { Pass, RunView } from '../../run/types.js'
import { finishPass } from '../finish.js'
import { fetchedFile, originSchema } from './fetch.js'

/** The passes that a corpus row goes through while rows are chosen. */
export const selectionChain = ['scan', 'choose', 'fetch']

/** Writes the chosen rows with every column they had; `beside` are chains of passes that take no rows of the corpus. */
export function writeChosenPass(beside: readonly (readonly string[])[] = []): Pass {
  return finishPass({
    summary: 'A diverse subset of a corpus: rows chosen by clusters, every column as it was.',
    rows: { passes: ['fetch'], file: fetchedFile },
    schema: unionSchema,
    chains: [selectionChain, ...beside],
  })
}

/** The columns of all fetched files; a column must have one type throughout. */
async function unionSchema(run: RunView): Promise<Schema> {
  const files = run.committed('fetch').map(({ task, folder }) => ({
    name: run.plan.shards[task.shard!]!.name,
    path: join(folder, fetchedFile),
    format: 'parquet',
  }))
  return { ...originSchema, ...(await schemaOf(files)) }
}
