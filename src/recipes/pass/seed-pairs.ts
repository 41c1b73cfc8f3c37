import { join } from 'node:path'
import { type Columns, findShards, readShard, type Schema, type Shard, writeRows } from '../../formats/index.js'
import { openRejectLog } from '../../run/reject-log.js'
import { emptyTally } from '../../run/tally.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import type { Exchange } from '../pairs/read.js'

export type SeedOptions = {
  /** How often each pair enters the mix. */
  copies: number
  schema: Schema
  /** The output row of a pair. */
  toRow(id: string, pair: Exchange): Columns
}

/** Leaves the user's own pairs as output rows in `pairs.parquet`, each as often as told. Without a file there is no task. */
export function seedPass(seedData: string | undefined, { copies, schema, toRow }: SeedOptions): Pass {
  return {
    name: 'seed',
    tasks: async () => (seedData === undefined ? [] : [{ id: 'all' }]),
    async work(_task, { folder, signal, progress }) {
      const log = openRejectLog(join(folder, 'lost.jsonl'))
      let read = 0
      return closing(log, async () => {
        const written = await writeRows(join(folder, 'pairs.parquet'), { schema })(seeds())
        return { ...emptyTally, in: copies * read, out: written.rows, rejected: log.rejected }
      })

      async function* seeds(): AsyncGenerator<Columns[]> {
        for (const shard of await findShards([seedData!])) {
          for await (const batch of readSeeds(shard)) yield batch
        }
      }

      async function* readSeeds(shard: Shard): AsyncGenerator<Columns[]> {
        for await (const rows of readShard(shard, { signal })) {
          const pairs = rows.flatMap((row) => {
            const id = `seed:${shard.name}#${read++}`
            const pair = seedPair(row)
            if (pair) return Array.from({ length: copies }, (_, copy) => toRow(`${id}/${copy}`, pair))
            for (let copy = 0; copy < copies; copy++) {
              log.reject({ id: `${id}/${copy}`, stage: 'seed', reason: 'no instruction or no output' })
            }
            return []
          })
          progress(rows.length)
          if (pairs.length > 0) yield pairs
        }
      }
    },
  }
}

/** Instruction and output of a seed row; an `input` column is set under its instruction, as Alpaca's readers do. */
function seedPair({ instruction, input, output }: Columns): Exchange | undefined {
  if (typeof instruction !== 'string' || typeof output !== 'string') return undefined
  if (instruction.trim() === '' || output.trim() === '') return undefined
  const hasInput = typeof input === 'string' && input !== ''
  return { instruction: hasInput ? `${instruction}\n\n${input}` : instruction, output }
}
