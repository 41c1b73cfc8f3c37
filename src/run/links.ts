import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asDiskError, CorruptInputError } from '../stream/errors.js'
import type { RunPaths } from './paths.js'

/**
 * Refuses a run folder with a symbolic link among what the run needs to resume: no run makes one, and whoever resumes a
 * run that somebody else made would write wherever it leads.
 */
export async function refuseLinks({ state }: RunPaths): Promise<void> {
  try {
    await refuseLink(state)
    for (const entry of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) throw leadsElsewhere(join(entry.parentPath, entry.name))
    }
  } catch (error) {
    if (!isMissing(error)) throw asDiskError(error, state)
  }
}

/** Refuses one path of a run folder where it is a symbolic link. */
export async function refuseLink(path: string): Promise<void> {
  const found = await lstat(path).catch((error) => {
    if (!isMissing(error)) throw error
  })
  if (found?.isSymbolicLink()) throw leadsElsewhere(path)
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function leadsElsewhere(path: string): CorruptInputError {
  return new CorruptInputError(`${path} is a symbolic link, and a run makes none`, {
    fix: 'Remove it, or put what it leads to in its place; a journal may lie elsewhere by --journal.',
  })
}
