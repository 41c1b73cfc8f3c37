import { open } from 'node:fs/promises'

/** What systems say that cannot sync a folder: its entries are then as durable as they make them. */
const cannot = ['EINVAL', 'ENOTSUP', 'EPERM', 'EBADF', 'EISDIR', 'ENOSYS', 'EACCES', 'ENOENT']

/**
 * Makes a folder's entries (files made, renamed, removed) survive a power cut. A folder that may not be
 * opened or cannot be synced is let be; an error of the disk is thrown.
 */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    if (!cannot.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
