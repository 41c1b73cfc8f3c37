import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { type Columns, writeRows } from '../../formats/index.js'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask, type TaskContext } from '../../run/types.js'
import { compareIds } from '../../select/weighted-rows.js'
import { readRows } from '../pass/artifacts.js'
import { schemaOfPass } from '../pass/pass-schema.js'

/** Rows read back at a time. */
const batchRows = 64

/**
 * Puts the rows that a pass left in `file`s into the order of their ids, so that they come out the same however the corpus
 * lies in shards. Rows wait on disk; memory holds their ids and places.
 */
export function arrangePass(name: string, { from, file, id }: { from: string; file: string; id: string }): Pass {
  return {
    name,
    tasks: async (run) => (run.committed(from).length > 0 ? reduceTask : []),
    async work(_task, context) {
      const { folder, signal } = context
      const spilled = join(folder, 'rows.bin')
      const spill = await open(spilled, 'wx+')
      try {
        const { ids, ends } = await spillRows(spill, context, { from, file, id })
        const order = Uint32Array.from(ids.keys()).sort((a, b) => compareIds(ids[a]!, ids[b]!))
        const rows = readBack(spill, order, ends, signal)
        const written = await writeRows(join(folder, file), { schema: await schemaOfPass(context, from, file) })(rows)
        context.progress(written.rows)
        return { ...emptyTally, in: written.rows, out: written.rows }
      } finally {
        await spill.close()
        await rm(spilled)
      }
    },
  }
}

type Spilled = { ids: string[]; ends: number[] }

async function spillRows(
  spill: FileHandle,
  context: TaskContext,
  { from, file, id }: { from: string; file: string; id: string },
): Promise<Spilled> {
  const spilled: Spilled = { ids: [], ends: [] }
  let end = 0
  for (const { folder } of context.committed(from)) {
    for await (const rows of readRows<Columns>(join(folder, file), undefined, context.signal)) {
      const bytes = rows.map((row) => serialize(row))
      for (const [n, { length }] of bytes.entries()) {
        end += length
        spilled.ids.push(String(rows[n]![id]))
        spilled.ends.push(end)
      }
      await spill.appendFile(Buffer.concat(bytes))
    }
  }
  return spilled
}

async function* readBack(
  spill: FileHandle,
  order: Uint32Array,
  ends: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<Columns[]> {
  for (let first = 0; first < order.length; first += batchRows) {
    signal.throwIfAborted()
    const batch: Columns[] = []
    for (const row of order.subarray(first, first + batchRows)) {
      const start = row === 0 ? 0 : ends[row - 1]!
      const bytes = Buffer.allocUnsafe(ends[row]! - start)
      await spill.read(bytes, 0, bytes.length, start)
      batch.push(deserialize(bytes))
    }
    yield batch
  }
}
