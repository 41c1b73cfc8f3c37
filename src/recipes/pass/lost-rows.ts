import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Columns, Schema } from '../../formats/index.js'
import type { RunView } from '../../run/types.js'
import { statIfThere } from '../../stream/stat-if-there.js'

/** A row of rejects.parquet: who left, where and why; `rows` is how many rows it stands for, most often one. */
export const rejectSchema: Schema = {
  id: 'string',
  outcome: 'string',
  stage: 'string',
  reason: 'string',
  duplicate_of: 'string',
  score: 'double',
  detail: 'string',
  attempts: 'int32',
  status: 'int32',
  rows: 'int64',
}

/** What a line says that says nothing of it. */
const absent = { duplicate_of: null, score: null, detail: null, attempts: null, status: null, rows: 1 }

/** Every row that the tasks of some passes lost, from the JSONL that each left. */
export async function* lostRows(run: RunView, passes: readonly string[]): AsyncGenerator<Columns[]> {
  for (const { folder } of passes.flatMap((pass) => run.committed(pass))) {
    const path = join(folder, 'lost.jsonl')
    if (!(await statIfThere(path))) continue
    let batch: Columns[] = []
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      batch.push({ ...absent, ...JSON.parse(line) })
      if (batch.length < 1024) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }
}
