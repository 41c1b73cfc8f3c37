import { join } from 'node:path'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadCodecs } from '../../src/formats/codecs.js'
import { writeRows } from '../../src/formats/index.js'
import { unpackBlocks } from '../../src/formats/unpack.js'
import { CorruptInputError, SluiceError } from '../../src/stream/errors.js'
import { errorOf, inBatches, rowsAt, scratch } from './shards.js'

let pack: (bytes: Uint8Array) => Buffer
beforeAll(async () => {
  const { ZSTD } = await loadCodecs()
  pack = (bytes) => Buffer.from(ZSTD.compress!(bytes))
})

async function unpack(bytes: Uint8Array, size: number): Promise<Buffer> {
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const found: Uint8Array[] = []
  for await (const block of unpackBlocks('a.zst', blocks())) found.push(Buffer.from(block))
  return Buffer.concat(found)
}

describe('zstd', () => {
  it('unpacks frames one after another, and passes over what is no data, at any cut', async () => {
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    const parts = [Buffer.from('hello '.repeat(100)), Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(300_000, 'ab')]
    const packed = Buffer.concat([skippable, ...parts.flatMap((part) => [pack(part), skippable])])
    for (const size of [1, 2, 3, 5, 64, 1 << 20]) {
      expect((await unpack(packed, size)).equals(Buffer.concat(parts)), `blocks of ${size}`).toBe(true)
    }
  })

  it('unpacks a frame that does not tell its size', async () => {
    // By pyarrow 26: CompressedOutputStream(..., 'zstd').write(b'hello hello hello hello\n' * 3)
    const frame = Buffer.from('28b52ffd0048cd00005868656c6c6f200a200a200a0500600a100e4c060491b91401', 'hex')
    const given = await unpack(frame, 5).then(String, (error: Error) => error.message)
    expect(given).toBe('hello hello hello hello\n'.repeat(3))
  })

  it('refuses any cut and any junk behind', async () => {
    const packed = pack(Buffer.from('some text, '.repeat(50)))
    for (let size = 4; size < packed.length; size++) {
      expect(await errorOf(() => unpack(packed.subarray(0, size), 1000))).toBeInstanceOf(CorruptInputError)
    }
    expect(await errorOf(() => unpack(Buffer.concat([packed, Buffer.from('junk')]), 1000))).toBeInstanceOf(
      CorruptInputError,
    )
  })

  it('never gives anything but bytes or a typed error for damaged frames', async () => {
    const packed = pack(Buffer.from(Array.from({ length: 400 }, (_, n) => `row ${n * 7919}`).join('\n')))
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 5), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(packed)
        damaged[at + 4]! ^= change
        await unpack(damaged, 100).catch((error: unknown) => expect(error).toBeInstanceOf(SluiceError))
      }),
    )
  })

  it('reads and writes .jsonl.zst, in many frames', async () => {
    const path = join(await scratch(), 'a.jsonl.zst')
    const rows = Array.from({ length: 30_000 }, (_, n) => ({ n, text: `row ${n} `.repeat(12) }))
    await writeRows(path)(inBatches(rows, 1000))
    expect(await rowsAt(path)).toEqual(rows)
  })
})

const streams = 'createZstdDecompress' in zlib
describe('a frame of more than 128 MiB', () => {
  it(streams ? 'streams through Node' : 'is refused with a way out', async () => {
    const packed = pack(Buffer.alloc(129 << 20, 'text that repeats '))
    if (streams) expect(await unpack(packed, 1 << 16)).toHaveLength(129 << 20)
    else {
      const error = await errorOf(() => unpack(packed, 1 << 16))
      expect(error.message).toMatch(/128 MiB/)
      expect(error.fix).toMatch(/22\.15.*zstd -dc/)
    }
  })
})
