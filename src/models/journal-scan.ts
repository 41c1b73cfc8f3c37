import { type FileHandle, open } from 'node:fs/promises'
import { damaged, findRecord, headerBytes, recordKey, recordLength } from './journal-record.js'

/** `record` is the whole of it, good until the next one comes. */
export type ScannedRecord = { readonly key: string; readonly offset: number; readonly record: Buffer }

const windowBytes = 1024 * 1024

/**
 * Walks over a segment's records, handing each key and its place to `onRecord`, in memory for about one record. Resolves
 * with the bytes at the end that are no record: a write that its process did not live to finish. Rejects with a
 * CorruptInputError where records follow such bytes, for then something that was whole has been damaged.
 */
export async function scanSegment(path: string, onRecord: (record: ScannedRecord) => void): Promise<number> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    let bytes: Buffer = Buffer.alloc(0)
    let start = 0
    for (let offset = 0; offset < size; ) {
      // A header first: only it says how much the window must hold.
      if (offset + headerBytes > start + bytes.length) {
        start = offset
        bytes = await readAt(file, start, Math.min(windowBytes, size - start))
      }
      const length = recordLength(bytes, offset - start)
      if (length !== undefined && offset + length <= size && offset + length > start + bytes.length) {
        start = offset
        bytes = await readAt(file, start, Math.min(Math.max(windowBytes, length), size - start))
      }
      const record = bytes.subarray(offset - start, offset - start + (length ?? 0))
      const key = record.length === length ? recordKey(record) : undefined
      if (length === undefined || key === undefined) {
        const rest = await readAt(file, offset, size - offset)
        if (findRecord(rest, 1) !== undefined) throw damaged(`${path}, byte ${offset}`)
        return size - offset
      }
      onRecord({ key, offset, record })
      offset += length
    }
    return 0
  } finally {
    await file.close()
  }
}

/** The whole record at `offset`, as long as its header says. */
export async function readRecord(file: FileHandle, offset: number): Promise<Buffer> {
  // Most records fit into the first read.
  const first = await readAt(file, offset, 4096)
  const length = recordLength(first) ?? first.length
  if (length <= first.length) return first.subarray(0, length)
  return Buffer.concat([first, await readAt(file, offset + first.length, length - first.length)])
}

/** `length` bytes from `offset` on, or as many as there are. */
async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
