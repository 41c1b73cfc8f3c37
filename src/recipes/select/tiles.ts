import { type FileHandle, open } from 'node:fs/promises'
import { CorruptInputError } from '../../stream/errors.js'

/** How rows of equal length lie in a file; the first begins at byte `start`, default 0. */
export type TileShape = { rows: number; rowBytes: number; start?: number }

/** Reads a file of rows of equal length in tiles of so many rows; each tile begins its buffer, and overwrites the last. */
export async function* readTiles(path: string, { rows, rowBytes, start = 0 }: TileShape): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const tile = new Uint8Array(rows * rowBytes)
    for (let at = start; ; at += tile.length) {
      const filled = await fill(file, tile, at)
      if (filled % rowBytes !== 0) throw new CorruptInputError(`${path} does not hold whole rows of ${rowBytes} bytes`)
      if (filled > 0) yield tile.subarray(0, filled)
      if (filled < tile.length) return
    }
  } finally {
    await file.close()
  }
}

async function fill(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
