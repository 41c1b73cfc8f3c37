import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asDiskError } from '../stream/errors.js'
import { type StoredFile, syncFolder } from './durable.js'
import type { RunPaths } from './paths.js'
import type { Committed } from './types.js'

/** Whether every file of the last pass is in place under `out`, whole. */
export async function isPublished(files: readonly StoredFile[], paths: RunPaths): Promise<boolean> {
  for (const file of files) {
    const found = await stat(join(paths.out, file.name)).catch(() => undefined)
    if (found?.size !== file.bytes) return false
  }
  return true
}

/**
 * Shows the last pass's files under `out`: a hard link each (a copy where the disk has none), one rename for each
 * top-level entry, so that a folder such as `data/` appears whole or not at all. Safe to repeat after a crash.
 */
export async function publish(committed: readonly Committed[], paths: RunPaths): Promise<void> {
  try {
    for (const { folder } of committed) {
      for (const entry of await readdir(folder)) {
        const temporary = join(paths.state, `publish-${entry}.tmp-${process.pid}`)
        await rm(temporary, { recursive: true, force: true })
        await linkTree(join(folder, entry), temporary)
        const final = join(paths.out, entry)
        await rm(final, { recursive: true, force: true })
        await rename(temporary, final)
      }
    }
    await syncFolder(paths.out)
  } catch (error) {
    throw asDiskError(error, paths.out)
  }
}

async function linkTree(from: string, to: string): Promise<void> {
  if ((await stat(from)).isDirectory()) {
    await mkdir(to, { recursive: true })
    for (const name of await readdir(from)) await linkTree(join(from, name), join(to, name))
    await syncFolder(to)
  } else {
    await mkdir(dirname(to), { recursive: true })
    await link(from, to).catch(() => copyFile(from, to))
  }
}
