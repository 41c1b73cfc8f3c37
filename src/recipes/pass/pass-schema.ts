import { join } from 'node:path'
import type { Schema } from '../../formats/index.js'
import { schemaOf } from '../../formats/shards.js'
import type { RunView } from '../../run/types.js'

/** The columns of the files that a pass left; a column must have one type throughout. */
export async function schemaOfPass(run: RunView, pass: string, file: string): Promise<Schema> {
  const files = run.committed(pass).map(({ task, folder }) => ({
    name: task.shard === undefined ? file : run.plan.shards[task.shard]!.name,
    path: join(folder, file),
    format: 'parquet',
  }))
  return (await schemaOf(files)) ?? {}
}
