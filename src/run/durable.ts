import { createHash } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asDiskError, DiskError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { syncFolder } from '../stream/sync-folder.js'

/** A file of a committed folder; `name` is relative to the folder, with forward slashes. */
export type StoredFile = { readonly name: string; readonly bytes: number; readonly sha256: string }

/** Whether a file or folder is one that a process was still writing under another name than its own. */
export function isTemporary(name: string): boolean {
  return /\.tmp-\d+$/.test(name)
}

/** Appends one line and returns once it is on the disk. */
export async function appendLineDurably(path: string, line: string): Promise<void> {
  try {
    const file = await open(path, 'a')
    try {
      await file.writeFile(`${line}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw asDiskError(error, path)
  }
}

/**
 * Gives a finished folder its final name: every file is synced, then the folder is renamed and the parent synced.
 * The first writer wins; a second one's folder is removed, since tasks are functions of their plan and both are equal.
 */
export async function commitFolder(temporary: string, final: string): Promise<void> {
  try {
    await syncTree(temporary)
    await mkdir(dirname(final), { recursive: true })
    await rename(temporary, final)
    await syncFolder(dirname(final))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw asDiskError(error, final)
    await rm(temporary, { recursive: true, force: true })
  }
}

/**
 * Makes a folder and those above it, from the top down; one that is there already is fine. Not `mkdir` with `recursive`,
 * which never returns below a parent that cannot hold folders at all, such as /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await statIfThere(path)) return
  if (dirname(path) !== path) await makeFolder(dirname(path))
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new DiskError(`Cannot make the folder ${path}`, { cause: error, fix: 'Choose another output.' })
    if (code !== 'EEXIST') throw asDiskError(error, path)
  }
}

/** Size and SHA-256 of every file below `folder`, in name order. */
export async function listFiles(folder: string): Promise<StoredFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const files: StoredFile[] = []
  for (const name of names.sort()) {
    files.push({ name: name.replaceAll('\\', '/'), ...(await hashFile(join(folder, name))) })
  }
  return files
}

/** Bytes of a file that are read at a time to be hashed. */
const hashBytes = 128 * 1024

/** Size and SHA-256 of a file. */
export async function hashFile(path: string): Promise<Omit<StoredFile, 'name'>> {
  const hash = createHash('sha256')
  let bytes = 0
  const file = await open(path, 'r')
  try {
    // One block for all of the file: a stream's chunks are garbage that V8 collects for.
    const block = Buffer.allocUnsafe(hashBytes)
    for (;;) {
      const { bytesRead } = await file.read(block, 0, hashBytes)
      if (bytesRead === 0) break
      hash.update(block.subarray(0, bytesRead))
      bytes += bytesRead
    }
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await syncTree(path)
    else {
      const file = await open(path, 'r+')
      await file.sync().finally(() => file.close())
    }
  }
  await syncFolder(folder)
}
