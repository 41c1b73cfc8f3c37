import { createHash } from 'node:crypto'
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asDiskError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { syncFolder } from '../stream/sync-folder.js'
import { writeDurably } from '../stream/write-durably.js'
import type { StoredFile } from './durable.js'
import { refuseLink } from './links.js'
import { type RunPaths, requireInside } from './paths.js'
import type { Committed } from './types.js'

/** Which result is shown: a hash of its files' sums, and their names. */
type Published = { readonly version: string; readonly names: readonly string[] }

/** Whether these files are what is shown under `out`; what its reader has changed in them since is the reader's. */
export async function isPublished(files: readonly StoredFile[], paths: RunPaths): Promise<boolean> {
  const shown = await readPublished(paths)
  if (shown !== undefined && shown.version !== versionOf(files)) return false
  for (const file of files) if (!(await exists(join(paths.out, file.name)))) return false
  return true
}

/**
 * Shows the last pass's files under `out`: one rename for each top-level entry, so that a folder such as `data/` appears
 * whole or not at all. What is there already is left as it is, unless it is an earlier result of this run: that gives way
 * file by file. Safe to repeat after a crash.
 */
export async function publish(
  committed: readonly Committed[],
  files: readonly StoredFile[],
  paths: RunPaths,
): Promise<void> {
  try {
    const before = await readPublished(paths)
    const now: Published = { version: versionOf(files), names: files.map(({ name }) => name) }
    for (const { folder } of committed) {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) await refuseLink(join(paths.out, entry.name))
      }
      if (before !== undefined && before.version !== now.version) {
        for (const name of now.names) await show(join(folder, name), join(paths.out, name), paths)
        for (const name of before.names) if (!now.names.includes(name)) await rm(join(paths.out, name), { force: true })
      }
      for (const entry of await readdir(folder)) await publishEntry(join(folder, entry), join(paths.out, entry), paths)
    }
    await syncFolder(paths.out)
    if (before?.version !== now.version) await writeDurably(paths.published, JSON.stringify(now))
  } catch (error) {
    throw asDiskError(error, paths.out)
  }
}

function versionOf(files: readonly StoredFile[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex')
}

async function readPublished(paths: RunPaths): Promise<Published | undefined> {
  try {
    const published = JSON.parse(await readFile(paths.published, 'utf8')) as Published
    for (const name of published.names) requireInside(name, paths.published)
    return published
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw asDiskError(error, paths.published)
  }
}

async function publishEntry(from: string, final: string, paths: RunPaths): Promise<void> {
  if (await exists(final)) {
    if (!(await stat(from)).isDirectory()) return
    for (const name of await readdir(from)) await publishEntry(join(from, name), join(final, name), paths)
    return
  }
  await show(from, final, paths)
}

/** Puts a file or folder at its place in one rename. */
async function show(from: string, final: string, paths: RunPaths): Promise<void> {
  const temporary = join(paths.state, `publish.tmp-${process.pid}`)
  await rm(temporary, { recursive: true, force: true })
  await linkTree(from, temporary)
  await mkdir(dirname(final), { recursive: true })
  await rename(temporary, final)
}

async function exists(path: string): Promise<boolean> {
  return (await statIfThere(path)) !== undefined
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
