import { findShards, writeRows } from '../formats/index.js'
import { openShards } from '../formats/shards.js'
import { listFlag } from './list-flag.js'
import { rowsFlag } from './rows-flag.js'
import { gatherSkipped, onBadShardFlag, readingOf, shardFlags, tellSkipped } from './shard-flags.js'
import type { Verb } from './verb.js'

export const headVerb: Verb = {
  operands: '<shards...>',
  example: 'sluice head out/data -n 3 --columns instruction,output\nsluice head corpus.parquet --rows 1000:1010',
  flags: [
    { name: 'rows', short: 'n', type: 'string', default: 10, description: 'rows to print, a count or a range a:b' },
    { name: 'columns', type: 'string', description: 'columns to print, separated by commas' },
    { name: 'from', type: 'string', description: 'format of stdin, where `-` is read and it cannot be told' },
    onBadShardFlag,
    ...shardFlags,
  ],
  run: async (inputs, flags, terminal) => {
    const shards = await findShards(inputs, { from: flags.from as string | undefined })
    const { onBad, skipped } = gatherSkipped(flags)
    const { read } = await openShards(shards, { columns: listFlag(flags.columns), onBad, ...readingOf(flags) })
    // Rows are JSON already, one object a line, so --json changes nothing here.
    await writeRows('-', { format: 'jsonl' })(read({ rows: rowsFlag(flags.rows ?? 10) }))
    tellSkipped(skipped, terminal)
    return 0
  },
}
