import { join } from 'node:path'
import { findShards } from '../formats/index.js'
import { readShards } from '../formats/shards.js'
import { openJournal } from '../models/journal.js'
import { hashFile, type StoredFile } from '../run/durable.js'
import { asDiskError, CorruptInputError } from '../stream/errors.js'
import { openRun } from './open-run.js'

/** A file of a run that is not what was committed. */
export type Damage = { readonly path: string; readonly problem: string }

export type Verified = {
  readonly files: number
  readonly bytes: number
  /** Rows read from the shards of the result, every page's checksum compared. */
  readonly rows: number
  readonly damaged: readonly Damage[]
  /** Files for later passes that are no longer kept; a run that is done needs none. */
  readonly missing: number
}

/**
 * Reads everything a run has committed: the SHA-256 of every file against the manifest, every page of the result's
 * shards against its checksum, and every record of the journal. What is damaged is named, and nothing is changed.
 */
export async function verifyRun(out: string): Promise<Verified> {
  const { paths, passes, ledger } = await openRun(out)
  const last = passes.at(-1)!.name
  const damaged: Damage[] = []
  const sum = { files: 0, bytes: 0, missing: 0 }
  const check = async (path: string, file: StoredFile, mayBeMissing: boolean) => {
    const problem = await problemOf(path, file)
    if (problem === 'missing' && mayBeMissing) sum.missing++
    else if (problem) damaged.push({ path, problem })
    else {
      sum.files++
      sum.bytes += file.bytes
    }
  }
  const result = ledger.committed(last)
  const isDone = result.length > 0
  for (const { name } of passes) {
    for (const { task, folder } of ledger.committed(name)) {
      for (const file of ledger.entry(name, task)!.files) await check(join(folder, file.name), file, isDone)
    }
  }
  for (const { task } of result) {
    for (const file of ledger.entry(last, task)!.files) await check(join(paths.out, file.name), file, false)
  }
  await journalDamage(paths.journal, damaged)
  const rows = isDone ? await readResult(join(paths.out, 'data'), damaged) : 0
  return { ...sum, rows, damaged }
}

async function problemOf(path: string, { bytes, sha256 }: StoredFile): Promise<string | undefined> {
  try {
    const found = await hashFile(path)
    if (found.bytes !== bytes) return `has ${found.bytes} bytes, and ${bytes} were committed`
    return found.sha256 === sha256 ? undefined : 'is not what was committed: its SHA-256 differs'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
    throw asDiskError(error, path)
  }
}

async function journalDamage(folder: string, damaged: Damage[]): Promise<void> {
  try {
    await (await openJournal(folder)).close()
  } catch (error) {
    if (!(error instanceof CorruptInputError)) throw error
    damaged.push({ path: folder, problem: error.message })
  }
}

/** Reads the result's shards one by one, so that a damaged one is named and the others are read all the same. */
async function readResult(folder: string, damaged: Damage[]): Promise<number> {
  let rows = 0
  for (const shard of await findShards([folder]).catch(() => [])) {
    try {
      for await (const batch of readShards([shard])) rows += batch.length
    } catch (error) {
      if (!(error instanceof CorruptInputError)) throw error
      damaged.push({ path: shard.path, problem: error.message })
    }
  }
  return rows
}
