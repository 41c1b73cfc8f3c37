import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asDiskError, UsageError } from '../../stream/errors.js'
import { syncFolder } from '../../stream/sync-folder.js'
import { createFile } from './local-write.js'
import type { FolderOptions, OutputFolder } from './place.js'

/** A new folder of this machine, or an empty one; until it is committed it is called `<path>.tmp-<pid>`. */
export async function createLocalFolder(path: string, { nameOf }: FolderOptions): Promise<OutputFolder> {
  const onDisk = <T>(work: Promise<T>) => work.catch((error) => Promise.reject(asDiskError(error, path)))
  const held = await readdir(path).catch(() => undefined)
  if (held !== undefined && held.length > 0) {
    throw new UsageError(`The folder ${path} is not empty`, { fix: 'Choose a new folder for the shards.' })
  }
  const target = path.replace(/[\\/]+$/, '')
  const temporary = `${target}.tmp-${process.pid}`
  const unnamed = (index: number) => join(temporary, `shard-${index}`)
  let count = 0
  await onDisk(mkdir(dirname(target), { recursive: true }))
  await onDisk(mkdir(temporary))
  const appear = async () => {
    for (let i = 0; i < count; i++) await rename(unnamed(i), join(temporary, nameOf(i, count)))
    await syncFolder(temporary)
    if (held !== undefined) await rmdir(target)
    await rename(temporary, target)
    await syncFolder(dirname(target))
  }
  return {
    create: () => createFile(unnamed(count++)),
    commit: () => onDisk(appear()),
    abort: () => rm(temporary, { recursive: true, force: true }).catch(() => {}),
  }
}
