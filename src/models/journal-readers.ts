import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'

type Reader = { readonly file: Promise<FileHandle>; users: number }

/** Segments open for reading, at most about `most`: a run that was stopped often has many, and files are scarce. */
export function openReaders(folder: string, most = 32) {
  const readers = new Map<string, Reader>()

  const close = async (segment: string, reader: Reader) => {
    readers.delete(segment)
    await (await reader.file).close()
  }
  return {
    async use<T>(segment: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
      const reader = readers.get(segment) ?? { file: open(join(folder, segment), 'r'), users: 0 }
      // Put back at the end, so that the map's order is from longest unused to latest.
      readers.delete(segment)
      readers.set(segment, reader)
      reader.users++
      try {
        return await read(await reader.file)
      } catch (error) {
        // A file that did not open must not be waited for again.
        await reader.file.catch(() => readers.delete(segment))
        throw error
      } finally {
        reader.users--
        const unused = readers.size > most ? [...readers].find(([, { users }]) => users === 0) : undefined
        if (unused !== undefined) await close(...unused)
      }
    },
    async close() {
      const closed = await Promise.allSettled([...readers].map(([segment, reader]) => close(segment, reader)))
      const failed = closed.find((each) => each.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}
