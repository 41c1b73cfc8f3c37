import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'

/** Makes two files of a folder; where the second cannot be made, the first is not left open. */
export async function createFilePair(
  folder: string,
  [one, two]: readonly [string, string],
): Promise<[FileHandle, FileHandle]> {
  const first = await open(join(folder, one), 'w')
  try {
    return [first, await open(join(folder, two), 'w')]
  } catch (error) {
    await first.close()
    throw error
  }
}
