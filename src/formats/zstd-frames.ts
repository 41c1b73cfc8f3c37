import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { CorruptInputError, UsageError } from '../stream/errors.js'
import type { ByteQueue } from './byte-queue.js'
import { loadCodecs } from './codecs.js'
import { through } from './through.js'

const magic = 0xfd2fb528
/** Frames of anything at all, to be passed over; the last four bits vary. */
const skippableMagic = 0x184d2a50
/** The plain size up to which a frame is unpacked whole. */
const wholeFrame = 128 << 20
/** No block of a frame is larger, plain or packed (RFC 8878, 3.1.1.2.4). */
const largestBlock = 128 << 10

/** Whether bytes begin like a zstd file. */
export function isZstd(head: Uint8Array): boolean {
  if (head.length < 4) return false
  const word = new DataView(head.buffer, head.byteOffset).getUint32(0, true)
  return word === magic || (word & ~15) >>> 0 === skippableMagic
}

/**
 * Unpacks zstd frames one after another. Their ends are found by walking their blocks (RFC 8878), since Node's own
 * decoder stops at the first and takes a cut frame for a whole one. A frame of up to 128 MiB is unpacked whole; a larger
 * one streams through Node's decoder, which comes with Node 22.15, and is a UsageError without it.
 */
export async function* unzstd(path: string, queue: ByteQueue): AsyncGenerator<Uint8Array> {
  const { ZSTD } = await loadCodecs()
  try {
    for (;;) {
      const head = await queue.peek(4)
      if (head.length === 0) return
      if (!isZstd(head)) throw corrupt(path, 'something that is not zstd follows')
      if (head.readUInt32LE() !== magic) {
        await skipFrame(path, queue)
        continue
      }
      const frame = framePieces(path, queue)
      const pieces: Uint8Array[] = []
      let next = await frame.next()
      let plain = 0
      for (; !next.done && plain <= wholeFrame; next = await frame.next()) {
        pieces.push(next.value.bytes)
        plain += next.value.plain
      }
      if (next.done) yield unpacked(path, (size) => ZSTD.decompress(Buffer.concat(pieces), size), plain, next.value)
      else yield* streamed(path, pieces, next.value.bytes, frame)
    }
  } finally {
    await queue.close()
  }
}

function unpacked(
  path: string,
  work: (room: number) => Uint8Array,
  most: number,
  size: number | undefined,
): Uint8Array {
  try {
    const bytes = work(Math.max(1, size ?? most))
    if (size !== undefined && bytes.length !== size) throw new Error(`${bytes.length} bytes where it says ${size}`)
    return bytes
  } catch (error) {
    throw corrupt(path, (error as Error).message, error)
  }
}

async function skipFrame(path: string, queue: ByteQueue): Promise<void> {
  const head = await exactly(path, queue, 8)
  for (let left = head.readUInt32LE(4); left > 0; ) left -= (await exactly(path, queue, Math.min(left, 1 << 16))).length
}

type Piece = { bytes: Uint8Array; plain: number }

/** A frame's header and blocks, each with the most bytes it can be once plain; answers with the plain size if told. */
async function* framePieces(path: string, queue: ByteQueue): AsyncGenerator<Piece, number | undefined> {
  const descriptor = (await exactly(path, queue, 5, 'peek')).readUInt8(4)
  const isSingle = (descriptor & 0x20) !== 0
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const before = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
  const header = await exactly(path, queue, before + sizeBytes)
  const size = [
    undefined,
    () => header.readUInt8(before),
    () => header.readUInt16LE(before) + 256,
    undefined,
    () => header.readUInt32LE(before),
  ][sizeBytes]
  const told = sizeBytes === 8 ? Number(header.readBigUInt64LE(before)) : size?.()
  // Told more than is unpacked whole, it need not be gathered to find that out.
  yield { bytes: header, plain: told !== undefined && told > wholeFrame ? told : 0 }
  for (let isLast = false; !isLast; ) {
    const word = (await exactly(path, queue, 3, 'peek')).readUIntLE(0, 3)
    isLast = (word & 1) === 1
    const kind = (word >> 1) & 3
    const bytes = word >> 3
    if (kind === 3 || bytes > largestBlock) throw corrupt(path, 'a block that makes no sense')
    const packed = kind === 1 ? 1 : bytes
    yield { bytes: await exactly(path, queue, 3 + packed), plain: kind === 2 ? largestBlock : bytes }
  }
  if (descriptor & 4) yield { bytes: await exactly(path, queue, 4), plain: 0 }
  return told
}

async function exactly(path: string, queue: ByteQueue, bytes: number, way: 'take' | 'peek' = 'take'): Promise<Buffer> {
  const found = await queue[way](bytes)
  if (found.length < bytes) throw corrupt(path, 'it ends too early')
  return found
}

async function* streamed(
  path: string,
  first: readonly Uint8Array[],
  second: Uint8Array,
  rest: AsyncGenerator<Piece, number | undefined>,
): AsyncGenerator<Uint8Array> {
  // In Node from 22.15 on; the types are those of the oldest Node.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform }
  if (createZstdDecompress === undefined) {
    throw new UsageError(`${path} is one zstd frame of more than 128 MiB, which this Node cannot unpack bit by bit`, {
      fix: 'Use Node 22.15 or later, or unpack it on the way: zstd -dc FILE | sluice … -',
    })
  }
  let told: number | undefined
  async function* packed() {
    yield* first
    yield second
    for (;;) {
      const next = await rest.next()
      if (next.done) {
        told = next.value
        return
      }
      yield next.value.bytes
    }
  }
  let bytes = 0
  try {
    for await (const block of through(packed(), createZstdDecompress())) {
      bytes += block.length
      yield block
    }
  } catch (error) {
    const isZstdError = String((error as NodeJS.ErrnoException).code).startsWith('ZSTD')
    throw isZstdError ? corrupt(path, (error as Error).message, error) : error
  }
  if (told !== undefined && bytes !== told) throw corrupt(path, `${bytes} bytes where it says ${told}`)
}

function corrupt(path: string, what: string, cause?: unknown): CorruptInputError {
  return new CorruptInputError(`${path}: cannot unpack its zstd: ${what}`, { cause })
}
