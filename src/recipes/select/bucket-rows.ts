import { type FileHandle, open } from 'node:fs/promises'
import { CorruptInputError } from '../../stream/errors.js'
import type { VectorBytes } from './vector-bytes.js'

/** A row of a bucket: whatever names it, its cluster, its distance from the middle of that, and its vector. */
export type BucketRow = {
  readonly id: string
  readonly cluster: number
  readonly distance: number
  readonly vector: Float32Array
}

const headBytes = 12

/** A row as it lies in a bucket. */
export function encodeRow(
  { id, cluster, distance, vector }: BucketRow,
  { encode, rowBytes }: Pick<VectorBytes, 'encode' | 'rowBytes'>,
): Buffer {
  const name = Buffer.from(id)
  const record = Buffer.alloc(headBytes + name.length + rowBytes)
  record.writeUInt32LE(cluster)
  record.writeFloatLE(distance, 4)
  record.writeUInt32LE(name.length, 8)
  name.copy(record, headBytes)
  record.set(encode(vector).bytes, headBytes + name.length)
  return record
}

/** Where to begin in a bucket, default its first byte, and how many bytes to read at a time. */
export type ReadBucketOptions = { start?: number; blockBytes?: number }

/** The rows of a bucket in the order in which they were written; their vectors are the reader's to keep. */
export async function* readBucket(
  path: string,
  vectors: VectorBytes,
  options?: ReadBucketOptions,
): AsyncGenerator<BucketRow[]> {
  for await (const records of readRecords(path, vectors, options)) yield decodeRows(records, vectors)
}

/** How many rows a bucket has, and the first byte of each `every`-th. */
export async function indexBucket(
  path: string,
  vectors: VectorBytes,
  every: number,
): Promise<{ count: number; starts: number[] }> {
  const starts: number[] = []
  let [count, bytes] = [0, 0]
  for await (const records of readRecords(path, vectors)) {
    for (const { length } of records) {
      if (count++ % every === 0) starts.push(bytes)
      bytes += length
    }
  }
  return { count, starts }
}

async function* readRecords(
  path: string,
  vectors: VectorBytes,
  { start = 0, blockBytes = 1024 * 1024 }: ReadBucketOptions = {},
): AsyncGenerator<Buffer[]> {
  const file = await open(path, 'r')
  try {
    let held = Buffer.alloc(0)
    for await (const block of blocks(file, start, blockBytes)) {
      held = held.length === 0 ? block : Buffer.concat([held, block])
      const records: Buffer[] = []
      let at = 0
      for (let end = recordEnd(held, at, vectors); end <= held.length; end = recordEnd(held, at, vectors)) {
        records.push(held.subarray(at, end))
        at = end
      }
      held = held.subarray(at)
      if (records.length > 0) yield records
    }
    if (held.length > 0) throw new CorruptInputError(`${path} does not hold whole rows`)
  } finally {
    await file.close()
  }
}

async function* blocks(file: FileHandle, start: number, blockBytes: number): AsyncGenerator<Buffer<ArrayBuffer>> {
  for (let at = start; ; ) {
    const block = Buffer.alloc(blockBytes)
    const { bytesRead } = await file.read(block, 0, block.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield block.subarray(0, bytesRead)
  }
}

function recordEnd(bytes: Buffer, at: number, { rowBytes }: VectorBytes): number {
  if (at + headBytes > bytes.length) return Number.POSITIVE_INFINITY
  return at + headBytes + bytes.readUInt32LE(at + 8) + rowBytes
}

/** Vectors lie in one piece of memory: of a piece each the garbage collector falls behind. */
function decodeRows(records: readonly Buffer[], { dimensions, rowBytes, decode }: VectorBytes): BucketRow[] {
  const vectors = new Float32Array(records.length * dimensions)
  return records.map((record, row) => {
    const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions)
    const start = record.length - rowBytes
    decode(record.subarray(start), vector)
    return {
      id: record.toString('utf8', headBytes, start),
      cluster: record.readUInt32LE(),
      distance: record.readFloatLE(4),
      vector,
    }
  })
}
