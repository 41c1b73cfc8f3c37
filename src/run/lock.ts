import { open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { asDiskError, UsageError } from '../stream/errors.js'

/** Locks this process holds: its own pid in a lock file tells nothing, since pids come round again. */
const heldHere = new Set<string>()

type Holder = { pid: number; host: string; boot: string }

/**
 * Takes the lock file of a run folder and returns how to give it back. A lock whose process is gone (another boot, or
 * no such pid) is taken over; one whose process lives, or that another host holds, is a {@link UsageError}.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const holder: Holder = { pid: process.pid, host: hostname(), boot: await bootId() }
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(JSON.stringify(holder)).finally(() => file.close())
      heldHere.add(path)
      return async () => {
        heldHere.delete(path)
        await rm(path, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw asDiskError(error, path)
    }
    const other = await readHolder(path)
    if (other && (heldHere.has(path) || isAlive(other, holder))) {
      throw new UsageError(`Another sluice (pid ${other.pid} on ${other.host}) is writing this folder`, {
        fix: `Wait for it to end. If it is gone for certain, remove ${path}.`,
      })
    }
    await rm(path, { force: true })
  }
  throw new UsageError(`Cannot take the lock ${path}: others keep taking it`, { fix: 'Run one sluice a folder.' })
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    // Gone in the meantime, or cut by a crash while it was written: nobody holds it.
    return undefined
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
