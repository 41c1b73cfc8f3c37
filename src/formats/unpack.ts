import { createGunzip } from 'node:zlib'
import { CorruptInputError } from '../stream/errors.js'
import { byteQueue } from './byte-queue.js'
import { through } from './through.js'
import { isZstd, unzstd } from './zstd-frames.js'

/**
 * Unpacks blocks that begin like gzip or zstd, told by their bytes and not by an ending; others pass as they are. Throws
 * a CorruptInputError where they do not unpack to their end.
 */
export async function* unpackBlocks(path: string, blocks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const queue = byteQueue(blocks)
  // A pipe may bring its first bytes one by one.
  const head = await queue.peek(4)
  if (head.length === 0) return
  if (isZstd(head)) {
    yield* unzstd(path, queue)
    return
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) yield* queue.rest()
  else yield* gunzip(path, queue.rest())
}

async function* gunzip(path: string, blocks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* through(blocks, createGunzip({ chunkSize: 1 << 20 }))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined || !code.startsWith('Z_')) throw error
    throw new CorruptInputError(`${path}: cannot gunzip it: ${(error as Error).message}`, { cause: error })
  }
}
