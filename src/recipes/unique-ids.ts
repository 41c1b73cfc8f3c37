import { join } from 'node:path'
import { readShard } from '../formats/index.js'
import type { RunView } from '../run/types.js'
import { UsageError } from '../stream/errors.js'
import { uniform } from '../text/hash.js'

export type IdFiles = { readonly pass: string; readonly file: string; readonly idColumn: string | undefined }

/**
 * Throws a UsageError where two rows that a pass left have an id of `idColumn` in common; ids made of places are unique.
 * Holds eight bytes a row: only where hashes meet are the ids themselves compared.
 */
export async function refuseRepeatedIds(run: RunView, { pass, file, idColumn }: IdFiles): Promise<void> {
  const files = run.committed(pass).map(({ folder }) => join(folder, file))
  const rows = run.committed(pass).reduce((sum, { tally }) => sum + tally.out, 0)
  await refuseRepeatedIn(files, { rows, idColumn })
}

/** The same of files with so many rows in all. */
export async function refuseRepeatedIn(
  files: readonly string[],
  { rows, idColumn }: { rows: number; idColumn: string | undefined },
): Promise<void> {
  if (idColumn === undefined) return
  const hashes = new Float64Array(rows)
  let at = 0
  for await (const id of idsOf(files)) hashes[at++] = hashOf(id)
  hashes.sort()
  const met = new Set(hashes.filter((hash, n) => hash === hashes[n - 1]))
  if (met.size === 0) return
  const seen = new Set<string>()
  for await (const id of idsOf(files)) {
    if (!met.has(hashOf(id))) continue
    if (seen.has(id)) throw repeatedId(id, idColumn)
    seen.add(id)
  }
}

/** What is wrong with a column of ids that names two rows alike. */
export function repeatedId(id: string, idColumn: string | undefined): UsageError {
  return new UsageError(`The id ${JSON.stringify(id)} of column \`${idColumn}\` belongs to more than one row`, {
    fix: 'Name a column of unique values with --id-column, or leave it out.',
  })
}

function hashOf(id: string): number {
  return uniform(0, id, 'unique')
}

async function* idsOf(files: readonly string[]): AsyncGenerator<string> {
  for (const path of files) {
    for await (const rows of readShard({ path, format: 'parquet' }, { columns: ['id'] })) {
      for (const { id } of rows) yield id as string
    }
  }
}
