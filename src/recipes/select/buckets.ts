import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BucketRow, encodeRow } from './bucket-rows.js'
import type { VectorBytes } from './vector-bytes.js'

/** Bytes that wait to be written, over all buckets. */
const waitingBytes = 8 * 1024 * 1024

/**
 * The bucket of every cluster of so many rows: neighbours share one as long as they have no more than `most` rows, so that none
 * is cut, and a cluster of more has one to itself.
 */
export function bucketsOf(sizes: ArrayLike<number>, most: number): Uint32Array {
  let [bucket, rows] = [0, 0]
  return Uint32Array.from(sizes, (size) => {
    if (rows > 0 && rows + size > most) {
      bucket++
      rows = 0
    }
    rows += size
    return bucket
  })
}

/** The file of a bucket in the folder of the task that filled it. */
const bucketFile = (bucket: number) => `bucket-${String(bucket).padStart(5, '0')}.bin`

/** Fills buckets, each row into its own; a bucket without rows has no file. `push` waits for the disk now and then. */
export function openBuckets(
  folder: string,
  count: number,
  vectors: VectorBytes,
): { push(bucket: number, row: BucketRow): Promise<void> | undefined; finish(): Promise<void> } {
  const most = Math.ceil(waitingBytes / Math.max(1, count))
  const waiting = Array.from({ length: count }, (): { bytes: number; parts: Buffer[] } => ({ bytes: 0, parts: [] }))
  // A file is opened for each writing: there may be more than a process may hold open.
  const flush = async (bucket: number) => {
    const { parts } = waiting[bucket]!
    waiting[bucket] = { bytes: 0, parts: [] }
    if (parts.length > 0) await appendFile(join(folder, bucketFile(bucket)), Buffer.concat(parts))
  }
  return {
    push(bucket, row) {
      const record = encodeRow(row, vectors)
      const own = waiting[bucket]!
      own.parts.push(record)
      own.bytes += record.length
      return own.bytes > most ? flush(bucket) : undefined
    },
    async finish() {
      for (let bucket = 0; bucket < count; bucket++) await flush(bucket)
    },
  }
}
