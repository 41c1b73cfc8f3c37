import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asDiskError, DiskError, SluiceError } from '../../stream/errors.js'
import { syncFolder } from '../../stream/sync-folder.js'
import type { Output } from './place.js'
/** A file of this machine; until it is committed it is called `<path>.tmp-<pid>`. */
export async function createFile(path: string): Promise<Output> {
  const temporary = `${path}.tmp-${process.pid}`
  const onDisk = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const known = asDiskError(error, path)
      // Whatever else the system says of a file being written (a folder stands there, a part of its path is a file).
      const refused = (error as NodeJS.ErrnoException).syscall !== undefined && !(known instanceof SluiceError)
      throw refused ? new DiskError(`Cannot write ${path}: ${(error as Error).message}`, { cause: error }) : known
    }
  }
  const handle = await onDisk(async () => {
    await mkdir(dirname(path), { recursive: true })
    return open(temporary, 'w', 0o644)
  })
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    closed: false,
    write: (block) =>
      onDisk(async () => {
        for (let sent = 0; sent < block.byteLength; ) {
          sent += (await handle.write(block, sent, block.byteLength - sent)).bytesWritten
        }
        bytes += block.byteLength
      }),
    commit: () =>
      onDisk(async () => {
        await handle.sync()
        await handle.close()
        await rename(temporary, path)
        await syncFolder(dirname(path))
      }),
    async abort() {
      await handle.close().catch(() => {})
      await rm(temporary, { force: true }).catch(() => {})
    },
  }
}
