import { describe, expect, it } from 'vitest'
import { createBuffers } from '../../../src/formats/buffers.js'
import { openChunkBytes } from '../../../src/formats/parquet/chunk-bytes.js'

const file = Uint8Array.from({ length: 9 << 20 }, (_, at) => (at * 2_654_435_761) >>> 24)

function countingSource() {
  const reads: [number, number][] = []
  const readInto = async (target: Uint8Array, start: number) => {
    reads.push([start, start + target.length])
    target.set(file.subarray(start, start + target.length))
  }
  return { reads, source: { size: file.length, readInto, read: () => Promise.reject(new Error('not read so')), close } }
}
const close = async () => {}

describe('the chunks of a row group', () => {
  it('come by one read where they lie close together, each with its own bytes', async () => {
    const { source, reads } = countingSource()
    const extents = [
      { start: 5000, end: 9000 },
      { start: 4, end: 1000 },
      { start: 1000, end: 5000 },
    ]
    const chunks = openChunkBytes(source, extents, createBuffers(), 1 << 20)
    for (const [at, { start, end }] of extents.entries()) {
      expect(Buffer.compare(await chunks[at]!.read(start, end), file.subarray(start, end))).toBe(0)
    }
    expect(reads).toEqual([[4, 9000]])
  })

  it('leave out what lies far between them, and come a window at a time where they are long', async () => {
    const { source, reads } = countingSource()
    const extents = [
      { start: 4, end: 1000 },
      { start: 1 << 20, end: (1 << 20) + 10 },
      { start: 2 << 20, end: 8 << 20 },
    ]
    const [near, far, long] = openChunkBytes(source, extents, createBuffers(), 1 << 20)
    await near!.read(4, 20)
    await far!.read(1 << 20, (1 << 20) + 10)
    await long!.read(2 << 20, 3 << 20)
    await long!.read(3 << 20, 4 << 20)
    expect(reads).toEqual([
      [4, 1000],
      [1 << 20, (1 << 20) + 10],
      [2 << 20, 3 << 20],
      [3 << 20, 4 << 20],
    ])
  })

  it('give their memory back once the last of them is closed', async () => {
    const { source } = countingSource()
    const buffers = createBuffers()
    const extents = [
      { start: 4, end: 5000 },
      { start: 5000, end: 8000 },
    ]
    const [first, second] = openChunkBytes(source, extents, buffers, 1 << 20)
    const { buffer } = await first!.read(4, 5000)
    await second!.read(5000, 8000)
    first!.close()
    await Promise.resolve()
    expect(buffers.lend(8000).buffer).not.toBe(buffer)
    second!.close()
    await Promise.resolve()
    expect(buffers.lend(8000).buffer).toBe(buffer)
  })
})

describe('lent memory', () => {
  it('is of the size asked for, and what another lent is never lent on', () => {
    const buffers = createBuffers()
    for (const size of [0, 1, 4096, 4097, 1 << 20]) expect(buffers.lend(size).length).toBe(size)
    const foreign = new Uint8Array(5000)
    buffers.takeBack(foreign)
    expect(buffers.lend(5000).buffer).not.toBe(foreign.buffer)
  })
})
