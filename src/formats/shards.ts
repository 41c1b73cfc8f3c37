import type { Batches } from '../stream/types.js'
import { describeShard, readShard } from './index.js'
import type { Columns, ReadOptions, Schema, Shard } from './types.js'
import { unionSchemas } from './union-schema.js'

type Where = Pick<Shard, 'path' | 'format'>

/** The rows of several shards, one shard after another. */
export async function* readShards(
  shards: readonly Where[],
  options?: Omit<ReadOptions, 'rows'>,
): AsyncGenerator<readonly Columns[]> {
  for (const shard of shards) yield* readShard(shard, options) as Batches<Columns>
}

/** The schema that holds every column of the shards, or `undefined` where a format does not tell its types. */
export async function schemaOf(
  shards: readonly (Where & { name: string })[],
  columns?: readonly string[],
): Promise<Schema | undefined> {
  const files: { name: string; schema: Schema }[] = []
  for (const shard of shards) {
    const { schema } = await describeShard(shard)
    if (!schema) return undefined
    const wanted = Object.entries(schema).filter(([column]) => !columns || columns.includes(column))
    files.push({ name: shard.name, schema: Object.fromEntries(wanted) })
  }
  return unionSchemas(files)
}
