import { randomUUID } from 'node:crypto'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asDiskError } from './errors.js'
import { syncFolder } from './sync-folder.js'

/**
 * Replaces the file at `path`, by one piece or several, so that a crash leaves either the old or the new content, never a part;
 * `mode` is that of a new file. Rejects with a DiskError.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  { mode = 0o666 }: { mode?: number } = {},
): Promise<void> {
  // Others may write the same file: another thread, another run, another machine with the same disk.
  const temporary = `${path}.${randomUUID()}.tmp-${process.pid}`
  try {
    const file = await open(temporary, 'w', mode)
    try {
      await writeFile(file, content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw asDiskError(error, path)
  }
}
