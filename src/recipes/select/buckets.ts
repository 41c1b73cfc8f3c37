import { appendFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { CorruptInputError } from '../../stream/errors.js'

/** A row of a bucket: whatever names it, its cluster, its distance from the middle of that, and its vector. */
export type BucketRow = {
  readonly id: string
  readonly cluster: number
  readonly distance: number
  readonly vector: Float32Array
}

/** Bytes that wait to be written, over all buckets. */
const waitingBytes = 8 * 1024 * 1024

const headBytes = 12

/**
 * The bucket of every cluster of so many rows: neighbours share one as long as `bytes` hold their vectors, so that none is
 * cut, and a cluster of more has one to itself.
 */
export function bucketsOf(sizes: ArrayLike<number>, dimensions: number, bytes = 64 * 1024 * 1024): Uint32Array {
  const most = bytes / (4 * dimensions)
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
    push(bucket, { id, cluster, distance, vector }) {
      const name = Buffer.from(id)
      const record = Buffer.alloc(headBytes + name.length + vector.byteLength)
      record.writeUInt32LE(cluster)
      record.writeFloatLE(distance, 4)
      record.writeUInt32LE(name.length, 8)
      name.copy(record, headBytes)
      record.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), headBytes + name.length)
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

/** The rows of a bucket in the order in which they were pushed; their vectors are the reader's to keep. */
export async function* readBucket(path: string, dimensions: number): AsyncGenerator<BucketRow[]> {
  const file = await open(path, 'r')
  try {
    let held = Buffer.alloc(0)
    for (;;) {
      const block = Buffer.alloc(4 * 1024 * 1024)
      const { bytesRead } = await file.read(block, 0, block.length)
      if (bytesRead === 0) break
      held = Buffer.concat([held, block.subarray(0, bytesRead)])
      const rows: BucketRow[] = []
      let at = 0
      for (let end = recordEnd(held, at, dimensions); end <= held.length; end = recordEnd(held, at, dimensions)) {
        rows.push(decode(held.subarray(at, end), dimensions))
        at = end
      }
      held = held.subarray(at)
      yield rows
    }
    if (held.length > 0) throw new CorruptInputError(`${path} does not hold whole rows`)
  } finally {
    await file.close()
  }
}

function recordEnd(bytes: Buffer, at: number, dimensions: number): number {
  if (at + headBytes > bytes.length) return Number.POSITIVE_INFINITY
  return at + headBytes + bytes.readUInt32LE(at + 8) + 4 * dimensions
}

function decode(record: Buffer, dimensions: number): BucketRow {
  const vector = new Float32Array(dimensions)
  const start = record.length - 4 * dimensions
  new Uint8Array(vector.buffer).set(record.subarray(start))
  return {
    id: record.toString('utf8', headBytes, start),
    cluster: record.readUInt32LE(),
    distance: record.readFloatLE(4),
    vector,
  }
}
