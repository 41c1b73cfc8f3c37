import { join } from 'node:path'
import { readShard } from '../../formats/index.js'
import type { RunView } from '../../run/types.js'
import { UsageError } from '../../stream/errors.js'
import { uniform } from '../../text/hash.js'
import { stemsOf } from './entered.js'

export type IdFiles = { readonly pass: string; readonly file: string; readonly idColumn: string | undefined }

/** Ids of rows, which can be gone through again. */
export type Ids = () => AsyncIterable<string>

/** Throws a UsageError where two rows that a pass left have an id of `idColumn` in common; ids made of places are unique. */
export async function refuseRepeatedIds(run: RunView, { pass, file, idColumn }: IdFiles): Promise<void> {
  await refuseRepeatedIn(filesOf(run, { pass, file }), idColumn)
}

/** The same of files. */
export async function refuseRepeatedIn(files: readonly string[], idColumn: string | undefined): Promise<void> {
  if (idColumn !== undefined) await refuseRepeated(idColumn, () => idsOf(files))
}

/**
 * The same of any rows. Holds 8 to 16 bytes a row, and 24 for a moment: only where hashes meet are the ids themselves
 * compared, those of `counted`, which may be fewer.
 */
export async function refuseRepeated(idColumn: string, ids: Ids, counted: Ids = ids): Promise<void> {
  const hashes = await sortedHashes(ids())
  const met = hashes.filter((hash, n) => hash === hashes[n - 1])
  if (met.length === 0) return
  const seen = new Set<string>()
  for await (const id of counted()) {
    if (!holds(met, hashOf(id))) continue
    if (seen.has(id)) throw repeatedId(id, idColumn)
    seen.add(id)
  }
}

/** Throws a UsageError where a row's id is `<id of another>/<n>`, as what is made of the other will be called. */
export async function refuseChildIds(run: RunView, { pass, file, idColumn }: IdFiles): Promise<void> {
  if (idColumn === undefined) return
  const files = filesOf(run, { pass, file })
  const hashes = await sortedHashes(idsOf(files))
  /** Ids by those that they may be children of. */
  const parents = new Map<string, string>()
  for await (const id of idsOf(files)) {
    const parent = stemsOf(id).find((stem) => stem !== id && holds(hashes, hashOf(stem)))
    if (parent !== undefined) parents.set(parent, id)
    if (parents.size === mostSuspects) break
  }
  if (parents.size === 0) return
  for await (const id of idsOf(files)) {
    const child = parents.get(id)
    if (child !== undefined) throw childsId(child, id, idColumn)
  }
}

/** Parents that are looked for at a time; the hashes of so many do not meet by chance. */
const mostSuspects = 1000

async function sortedHashes(ids: AsyncIterable<string>): Promise<Float64Array> {
  let hashes = new Float64Array(1024)
  let rows = 0
  for await (const id of ids) {
    if (rows === hashes.length) {
      const larger = new Float64Array(2 * rows)
      larger.set(hashes)
      hashes = larger
    }
    hashes[rows++] = hashOf(id)
  }
  return hashes.subarray(0, rows).sort()
}

/** Whether a value is among others in ascending order. */
function holds(sorted: Float64Array, value: number): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return sorted[low] === value
}

function childsId(id: string, parent: string, idColumn: string): UsageError {
  return new UsageError(
    `The id ${JSON.stringify(id)} of column \`${idColumn}\` is one that what is made of ${JSON.stringify(parent)} may get`,
    { fix: 'Name another column with --id-column, or leave it out.' },
  )
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

function filesOf(run: RunView, { pass, file }: Pick<IdFiles, 'pass' | 'file'>): string[] {
  return run.committed(pass).map(({ folder }) => join(folder, file))
}

async function* idsOf(files: readonly string[]): AsyncGenerator<string> {
  for (const path of files) {
    for await (const rows of readShard({ path, format: 'parquet' }, { columns: ['id'] })) {
      for (const { id } of rows) yield id as string
    }
  }
}
