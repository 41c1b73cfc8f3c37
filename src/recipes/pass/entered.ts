import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readShard } from '../../formats/index.js'
import type { RunView } from '../../run/types.js'
import { lostRows } from './lost-rows.js'

/** The passes that take the rows of a corpus in, and leave each under its id or among the lost ones. */
const doors = ['scan', 'read']

/** A row as it entered a run, and which ids are its own or of rows made of it. */
export type Entered = { readonly id: string; isOf(other: unknown): boolean }

/**
 * The row of the corpus that `id` is of, where ids come from a column, and so may end in `/<n>` as those of rows made of
 * others do: the one of the longest id. Nothing where no such row entered the run.
 */
export async function enteredAs(run: RunView, id: string): Promise<Entered | undefined> {
  const known = new Set<string>()
  const stems = stemsOf(id)
  for await (const each of idsThatEntered(run)) if (stems.includes(each)) known.add(each)
  const own = stems.find((each) => known.has(each))
  if (own === undefined) return undefined
  const others = new Set<string>()
  for await (const each of idsThatEntered(run)) if (each.startsWith(`${own}/`)) others.add(each)
  return {
    id: own,
    isOf: (other) => {
      const longest = stemsOf(String(other)).find((stem) => stem === own || others.has(stem))
      return longest === own
    },
  }
}

/** An id, and what is left of it without one `/<n>` after another. */
export function stemsOf(id: string): string[] {
  const shorter = id.replace(/\/\d+$/, '')
  return shorter === id ? [id] : [id, ...stemsOf(shorter)]
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
