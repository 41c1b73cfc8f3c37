import { type FileHandle, open } from 'node:fs/promises'
import { CorruptInputError } from '../../stream/errors.js'

/** Rows read from a vector file at a time: 4,096 × 128 dimensions are 2 MiB. */
const tileRows = 4096

/** Appends rows of little-endian float32 to `path`; the file is nothing but the matrix, row after row. */
export async function createVectorFile(
  path: string,
): Promise<{ write(vectors: Float32Array): Promise<void>; close(): Promise<void> }> {
  const file = await open(path, 'w')
  return {
    write: async (vectors) => {
      const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength)
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
    },
    close: () => file.close(),
  }
}

/** Reads a vector file in tiles of at most 4,096 rows; each tile is overwritten by the next. */
export async function* readVectorFile(path: string, dimensions: number): AsyncGenerator<Float32Array> {
  const file = await open(path, 'r')
  try {
    const tile = new Float32Array(tileRows * dimensions)
    const bytes = new Uint8Array(tile.buffer)
    for (;;) {
      const filled = await fill(file, bytes)
      if (filled % (4 * dimensions) !== 0) {
        throw new CorruptInputError(`${path} does not hold whole rows of ${dimensions} dimensions`)
      }
      if (filled > 0) yield tile.subarray(0, filled / 4)
      if (filled < bytes.length) return
    }
  } finally {
    await file.close()
  }
}

async function fill(file: FileHandle, bytes: Uint8Array): Promise<number> {
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
