import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { asDiskError, UsageError } from '../stream/errors.js'

/** Locks this process holds: its own pid in a lock file tells nothing, since pids come round again. */
const heldHere = new Set<string>()

/** A process that writes a run folder; `inode` is that of the lock file itself, which a copy of it does not have. */
export type Holder = { pid: number; host: string; boot: string; inode?: number }

/**
 * Takes the lock file of a run folder and returns how to give it back. A lock whose process is gone (another boot, or
 * no such pid), or that came here with a copy of its folder, is taken over; one whose process lives, or that another host holds, is a {@link UsageError}.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const holder: Holder = { pid: process.pid, host: hostname(), boot: await bootId() }
  // Written aside and linked, so that nobody ever sees a lock that does not yet say whose it is.
  const own = `${path}.tmp-${process.pid}`
  try {
    await writeHolder(own, holder)
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await linked(own, path)) {
        heldHere.add(path)
        return async () => {
          heldHere.delete(path)
          await rm(path, { force: true }).catch((error) => Promise.reject(asDiskError(error, path)))
        }
      }
      const other = await readHolder(path)
      if (other && (heldHere.has(path) || isAlive(other, holder))) {
        throw new UsageError(`Another sluice (pid ${other.pid} on ${other.host}) is writing this folder`, {
          fix: `Wait for it to end. If it is gone for certain, remove ${path}.`,
        })
      }
      await setAside(path, other)
    }
  } catch (error) {
    throw asDiskError(error, path)
  } finally {
    await rm(own, { force: true }).catch(() => {})
  }
  throw new UsageError(`Cannot take the lock ${path}: others keep taking it`, { fix: 'Run one sluice a folder.' })
}

/** Who is writing a run folder now, if anyone is. */
export async function lockHolder(path: string): Promise<Holder | undefined> {
  const other = await readHolder(path)
  const self = { pid: process.pid, host: hostname(), boot: await bootId() }
  return other && (heldHere.has(path) || isAlive(other, self)) ? other : undefined
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Moves a dead lock out of the way; a lock that was taken over in the meantime is put back. */
async function setAside(path: string, dead: Holder | undefined): Promise<void> {
  const aside = `${path}.stale.tmp-${process.pid}`
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (!isDeepStrictEqual(await readHolder(aside), dead)) await linked(aside, path)
  await rm(aside, { force: true })
}

async function writeHolder(path: string, holder: Holder): Promise<void> {
  const file = await open(path, 'w')
  try {
    const { ino } = await file.stat()
    await file.writeFile(JSON.stringify({ ...holder, inode: ino }))
  } finally {
    await file.close()
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const file = await open(path, 'r').catch(() => undefined)
  try {
    const { ino } = await file!.stat()
    const holder = JSON.parse(await file!.readFile('utf8')) as Holder
    return holder.inode === undefined || holder.inode === ino ? holder : undefined
  } catch {
    // Gone in the meantime, or cut by a crash while it was written: nobody holds it.
    return undefined
  } finally {
    await file?.close()
  }
}

function isAlive(other: Holder, self: Holder): boolean {
  if (other.host !== self.host) return true
  if (other.boot !== self.boot || other.pid === self.pid) return false
  try {
    process.kill(other.pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
}
