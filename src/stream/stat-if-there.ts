import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'

/** What the disk says of a file or folder; `undefined` where there is none. That the disk cannot say is an error. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
