import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunView } from '../../run/types.js'
import { CorruptInputError } from '../../stream/errors.js'
import { readRows } from '../pass/artifacts.js'

/** Rows read from a vector file at a time: 4,096 × 128 dimensions are 2 MiB. */
export const tileRows = 4096

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
  for await (const bytes of readTiles(path, { rows: tileRows, rowBytes: 4 * dimensions })) {
    yield new Float32Array(bytes.buffer, 0, bytes.length / 4)
  }
}

type KeptRow = { readonly id: string; readonly rank?: number }

/** Dimensions of the vectors that the scan left, or 0 where it kept no row. */
export async function readDimensions(run: RunView): Promise<number> {
  const scanned = run.committed('scan').find(({ tally }) => tally.out > 0)
  if (scanned === undefined) return 0
  return (await stat(join(scanned.folder, 'vectors.f32'))).size / (4 * scanned.tally.out)
}

/**
 * Every kept row's id, rank where the strategy ranks, and vector, in corpus order; each batch of vectors is overwritten by
 * the next.
 */
export async function* readKeptVectors(
  run: RunView,
  dimensions: number,
): AsyncGenerator<{ ids: string[]; ranks: (number | undefined)[]; vectors: Float32Array }> {
  for (const { folder } of run.committed('scan')) {
    const kept = readRows<KeptRow>(join(folder, 'kept.parquet'))
    for await (const { rows, vectors } of besideVectors(kept, folder, dimensions)) {
      yield { ids: rows.map(({ id }) => id), ranks: rows.map(({ rank }) => rank), vectors }
    }
  }
}

/** The rows of a scan's folder, in batches of any size, each with its vector; the vectors are overwritten by the next ones. */
export async function* besideVectors<Kept>(
  batches: AsyncIterable<readonly Kept[]>,
  folder: string,
  dimensions: number,
): AsyncGenerator<{ rows: Kept[]; vectors: Float32Array }> {
  const source = batches[Symbol.asyncIterator]()
  const ahead: Kept[] = []
  try {
    for await (const vectors of readVectorFile(join(folder, 'vectors.f32'), dimensions)) {
      const count = vectors.length / dimensions
      while (ahead.length < count) for (const row of (await source.next()).value as Kept[]) ahead.push(row)
      yield { rows: ahead.splice(0, count), vectors }
    }
  } finally {
    await source.return?.()
  }
}

/** Reads a file of rows of equal length in tiles of so many rows; each tile begins its buffer, and overwrites the last. */
export async function* readTiles(
  path: string,
  { rows, rowBytes }: { rows: number; rowBytes: number },
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const tile = new Uint8Array(rows * rowBytes)
    for (;;) {
      const filled = await fill(file, tile)
      if (filled % rowBytes !== 0) throw new CorruptInputError(`${path} does not hold whole rows of ${rowBytes} bytes`)
      if (filled > 0) yield tile.subarray(0, filled)
      if (filled < tile.length) return
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
