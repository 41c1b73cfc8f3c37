import { findShards, writeRows } from '../formats/index.js'
import { readShards } from '../formats/shards.js'
import { pipe } from '../stream/pipe.js'
import type { Stage } from '../stream/types.js'
import { listFlag } from './list-flag.js'
import type { Verb } from './verb.js'

export const headVerb: Verb = {
  operands: '<shards...>',
  example: 'sluice head out/data -n 3 --columns instruction,output',
  flags: [
    { name: 'rows', short: 'n', type: 'integer', default: 10, min: 0, description: 'rows to print' },
    { name: 'columns', type: 'string', description: 'columns to print, separated by commas' },
    { name: 'from', type: 'string', description: 'format of stdin, where `-` is read and it cannot be told' },
  ],
  run: async (inputs, flags) => {
    const shards = await findShards(inputs, { from: flags.from as string | undefined })
    const rows = (flags.rows as number | undefined) ?? 10
    // Rows are JSON already, one object a line, so --json changes nothing here.
    await pipe(
      readShards(shards, { columns: listFlag(flags.columns) }),
      take(rows),
      writeRows('-', { format: 'jsonl' }),
    )
    return 0
  },
}

function take<R>(count: number): Stage<R, R> {
  return async function* (source) {
    let left = count
    if (left <= 0) return
    for await (const rows of source) {
      yield rows.slice(0, left)
      left -= rows.length
      if (left <= 0) return
    }
  }
}
