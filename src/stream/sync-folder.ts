import { open } from 'node:fs/promises'

/** What systems say that cannot sync a folder: its entries are then as durable as they make them. */
const cannot = ['EINVAL', 'ENOTSUP', 'EPERM', 'EBADF', 'EISDIR', 'ENOSYS']

/**
 * Makes a folder's entries (files made, renamed, removed) survive a power cut. A folder that cannot be opened or synced
 * is let be; an error of the disk is thrown.
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  try {
    await handle?.sync()
  } catch (error) {
    if (!cannot.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await handle?.close()
  }
}
