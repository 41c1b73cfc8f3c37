import { join } from 'node:path'
import { describeShard, type Schema } from '../../formats/index.js'
import type { Pass, RunView } from '../../run/types.js'
import { UsageError } from '../../stream/errors.js'
import { finishPass } from '../finish.js'
import { fetchedFile, originSchema } from './fetch.js'

/** The passes that a corpus row goes through while rows are chosen. */
export const selectionChain = ['scan', 'choose', 'fetch']

/** Writes the chosen rows with every column they had. */
export function writeChosenPass(): Pass {
  return finishPass({
    summary: 'A diverse subset of a corpus: rows chosen by clusters, every column as it was.',
    rows: { passes: ['fetch'], file: fetchedFile },
    schema: unionSchema,
    chain: selectionChain,
  })
}

/** The columns of all fetched files; a column must have one type throughout. */
async function unionSchema(run: RunView): Promise<Schema> {
  const union: Record<string, Schema[string]> = { ...originSchema }
  const seenIn: Record<string, string> = {}
  for (const { task, folder } of run.committed('fetch')) {
    const name = run.plan.shards[task.shard!]!.name
    const { schema = {} } = await describeShard({ path: join(folder, fetchedFile), format: 'parquet' })
    for (const [column, type] of Object.entries(schema)) {
      const before = union[column]
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(type)) {
        throw new UsageError(
          `Column \`${column}\` is ${show(before)} in ${seenIn[column]}, and ${show(type)} in ${name}`,
          { fix: 'Convert the shards to one schema with `sluice convert`, or select from them apart.' },
        )
      }
      union[column] = type
      seenIn[column] ??= name
    }
  }
  return union
}

function show(type: unknown): string {
  return typeof type === 'string' ? type : JSON.stringify(type)
}
