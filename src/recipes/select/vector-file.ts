import { type FileHandle, open } from 'node:fs/promises'
import type { Precision } from '../../embed/quantize.js'
import { CorruptInputError } from '../../stream/errors.js'
import { readTiles } from './tiles.js'
import { vectorBytes } from './vector-bytes.js'

/** What a scan calls the vectors that it leaves of its rows. */
export const vectorsFile = 'vectors.bin'

/** Rows read from a vector file at a time: 4,096 × 128 dimensions are 2 MiB of float32. */
export const tileRows = 4096

/** What a file begins with: these bytes, then its dimensions and the bits of a number, a little-endian uint32 each. */
const mark = Buffer.from('vec1')
const headBytes = 12
const bits = { float32: 32, int16: 16, int8: 8 } as const

type VectorHead = { readonly dimensions: number; readonly precision: Precision }

export type VectorFile = {
  /**
   * Appends rows of length 1, and gives them as they will be read: what goes by them must go by those, until the next ones
   * overwrite them.
   */
  write(vectors: Float32Array): Promise<Float32Array>
  close(): Promise<void>
}

/** Begins a file of vectors, row after row, as {@link vectorBytes} has them. */
export async function createVectorFile(path: string, { dimensions, precision }: VectorHead): Promise<VectorFile> {
  const file = await open(path, 'w')
  const { encode } = vectorBytes(dimensions, precision)
  const head = Buffer.alloc(headBytes)
  mark.copy(head)
  head.writeUInt32LE(dimensions, 4)
  head.writeUInt32LE(bits[precision], 8)
  try {
    await writeWhole(file, head)
  } catch (error) {
    await file.close()
    throw error
  }
  return {
    async write(vectors) {
      const { bytes, kept } = encode(vectors)
      await writeWhole(file, bytes)
      return kept
    },
    close: () => file.close(),
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}

/** Reads a vector file in tiles of at most 4,096 rows of float32; each tile is overwritten by the next. */
export async function* readVectorFile(path: string, dimensions: number): AsyncGenerator<Float32Array> {
  const head = await readVectorHead(path)
  if (head.dimensions !== dimensions) {
    throw new CorruptInputError(`${path} has vectors of ${head.dimensions} dimensions, and not of ${dimensions}`)
  }
  const { rowBytes, decode } = vectorBytes(dimensions, head.precision)
  const tile = new Float32Array(tileRows * dimensions)
  for await (const bytes of readTiles(path, { rows: tileRows, rowBytes, start: headBytes })) {
    decode(bytes, tile)
    yield tile.subarray(0, (bytes.length / rowBytes) * dimensions)
  }
}

/** Reads what a vector file says of its rows. */
export async function readVectorHead(path: string): Promise<VectorHead> {
  const file = await open(path, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    await file.read(head, 0, headBytes, 0)
    const dimensions = head.readUInt32LE(4)
    const precision = (Object.keys(bits) as Precision[]).find((name) => bits[name] === head.readUInt32LE(8))
    if (!head.subarray(0, mark.length).equals(mark) || dimensions === 0 || precision === undefined) {
      throw new CorruptInputError(`${path} is no file of vectors`)
    }
    return { dimensions, precision }
  } finally {
    await file.close()
  }
}
