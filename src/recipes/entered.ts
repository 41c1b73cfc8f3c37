import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readShard } from '../formats/index.js'
import type { RunView } from '../run/types.js'
import { lostRows } from './lost-rows.js'

/** The passes that take the rows of a corpus in, and leave each under its id or among the lost ones. */
const doors = ['scan', 'read']

/**
 * The id by which a row entered a run, of `id` or of what is left of it without the `/<n>` of rows made of it: the longest
 * that is known. Ids that a column gave may end like that themselves.
 */
export async function enteredAs(run: RunView, id: string): Promise<string | undefined> {
  const left = new Set([id])
  for (let rest = id; /\/\d+$/.test(rest); left.add(rest)) rest = rest.replace(/\/\d+$/, '')
  const known = new Set<string>()
  for await (const each of idsThatEntered(run)) if (left.has(each)) known.add(each)
  return [...left].find((each) => known.has(each))
}

async function* idsThatEntered(run: RunView): AsyncGenerator<string> {
  for (const { folder } of doors.flatMap((pass) => run.committed(pass))) {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.parquet'))
    for (const path of files.map((name) => join(folder, name))) {
      for await (const rows of readShard({ path, format: 'parquet' }, { columns: ['id'], optional: ['id'] })) {
        for (const { id } of rows) if (id !== undefined) yield String(id)
      }
    }
  }
  for await (const rows of lostRows(run, doors)) for (const { id } of rows) yield String(id)
}
