import { join } from 'node:path'
import type { Precision } from '../../embed/quantize.js'
import type { Embedder } from '../../embed/types.js'
import { makeFolder } from '../../run/durable.js'
import { writeDurably } from '../../stream/write-durably.js'
import { encodeSegment, hashWords } from './segment.js'

/** Rows of a segment at most, and bytes of their vectors as float32: what a killed run may have to make again. */
const [segmentRows, segmentBytes] = [4096, 8 * 1024 * 1024]

/** Writes vectors in the order of their rows, each segment at once and durably. */
export function createSegmentWriter(
  folder: string,
  { embedder: { id, dimensions }, precision }: { embedder: Pick<Embedder, 'id' | 'dimensions'>; precision: Precision },
) {
  const most = Math.max(1, Math.min(segmentRows, Math.floor(segmentBytes / (4 * dimensions))))
  const rows = new Uint32Array(most)
  const hashes = new Uint32Array(hashWords * most)
  const vectors = new Float32Array(dimensions * most)
  let held = 0

  const flush = async () => {
    if (held === 0) return
    const segment = {
      rows: rows.subarray(0, held),
      hashes: hashes.subarray(0, hashWords * held),
      vectors: vectors.subarray(0, dimensions * held),
    }
    const { name, bytes } = encodeSegment(segment, { embedder: id, precision })
    held = 0
    await makeFolder(folder)
    await writeDurably(join(folder, name), bytes)
  }
  return {
    async push(row: number, hash: Uint32Array, vector: Float32Array): Promise<void> {
      rows[held] = row
      hashes.set(hash, hashWords * held)
      vectors.set(vector, dimensions * held)
      held++
      if (held === most) await flush()
    },
    close: flush,
  }
}
