import { mixedNotes } from '../../formats/mixed-columns.js'
import { describeUnlessBad, type OnBadShard } from '../../formats/shards.js'
import type { Schema } from '../../formats/types.js'
import type { PlannedShard, TaskContext } from '../../run/types.js'
import type { Resources } from '../types.js'

/**
 * The types of all of a shard's columns, for whatever writes its rows again; undefined where the file does not tell, or is bad and
 * `onBad` was told so. Warns of columns whose rows disagree.
 */
export async function shardSchema(
  shard: PlannedShard,
  { signal, warn }: Pick<TaskContext, 'signal' | 'warn'>,
  { reading, onBad }: Pick<Resources, 'reading'> & { onBad?: OnBadShard | undefined },
): Promise<Schema | undefined> {
  const described = await describeUnlessBad(shard, { ...reading, everyRow: true, signal, onBad })
  for (const note of mixedNotes(shard.name, described?.mixed ?? [])) warn(note)
  return described?.schema
}
