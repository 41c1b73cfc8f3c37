import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asDiskError } from '../stream/errors.js'
import { syncFolder } from '../stream/sync-folder.js'
import type { StoredFile } from './durable.js'
import type { RunPaths } from './paths.js'
import type { Committed } from './types.js'

/** Whether every file of the last pass is there under `out`; what its reader has changed since is the reader's. */
export async function isPublished(files: readonly StoredFile[], paths: RunPaths): Promise<boolean> {
  for (const file of files) if (!(await exists(join(paths.out, file.name)))) return false
  return true
}

/**
 * Shows the last pass's files under `out`: one rename for each top-level entry, so that a folder such as `data/` appears
 * whole or not at all. Safe to repeat after a crash: what is there already is left as it is.
 */
export async function publish(committed: readonly Committed[], paths: RunPaths): Promise<void> {
  try {
    for (const { folder } of committed) {
      for (const entry of await readdir(folder)) await publishEntry(join(folder, entry), join(paths.out, entry), paths)
    }
    await syncFolder(paths.out)
  } catch (error) {
    throw asDiskError(error, paths.out)
  }
}

async function publishEntry(from: string, final: string, paths: RunPaths): Promise<void> {
  if (await exists(final)) {
    if (!(await stat(from)).isDirectory()) return
    for (const name of await readdir(from)) await publishEntry(join(from, name), join(final, name), paths)
    return
  }
  const temporary = join(paths.state, `publish.tmp-${process.pid}`)
  await rm(temporary, { recursive: true, force: true })
  await linkTree(from, temporary)
  await rename(temporary, final)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Hard links, since Parquet files are written once and may be large; a page that people edit is copied. */
async function linkTree(from: string, to: string): Promise<void> {
  if ((await stat(from)).isDirectory()) {
    await mkdir(to, { recursive: true })
    for (const name of await readdir(from)) await linkTree(join(from, name), join(to, name))
    await syncFolder(to)
  } else {
    await mkdir(dirname(to), { recursive: true })
    if (from.endsWith('.md')) await copyFile(from, to)
    else await link(from, to).catch(() => copyFile(from, to))
  }
}
