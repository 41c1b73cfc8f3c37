import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rounded } from '../../../src/embed/quantize.js'
import { createVectorFile, readVectorFile, readVectorHead } from '../../../src/recipes/select/vector-file.js'
import { randomNumbers } from '../../select/vectors.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-vector-file-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Rows of length 1, but for the second, which is zeros. */
function unitRows(rows: number, dimensions: number): Float32Array {
  const vectors = randomNumbers(rows * dimensions, 5).fill(0, dimensions, 2 * dimensions)
  for (let row = 0; row < rows; row++) {
    const own = vectors.subarray(row * dimensions, (row + 1) * dimensions)
    const length = Math.hypot(...own) || 1
    own.set(own.map((value) => value / length))
  }
  return vectors
}

describe.each([
  ['float32', 4, 0],
  ['int16', 2, 4],
  ['int8', 1, 4],
] as const)('a file of %s', (precision, numberBytes, scaleBytes) => {
  it.each([3, 128])('of %i dimensions gives what writing said it would', async (dimensions) => {
    const vectors = unitRows(5000, dimensions)
    const path = join(folder, `${precision}-${dimensions}.bin`)
    const file = await createVectorFile(path, { dimensions, precision })
    const written = new Float32Array(5000 * dimensions)
    for (const [start, end] of [
      [0, 1],
      [1, 4999],
      [4999, 5000],
    ] as const) {
      written.set(await file.write(vectors.subarray(start * dimensions, end * dimensions)), start * dimensions)
    }
    await file.close()
    const read = new Float32Array(5000 * dimensions)
    let at = 0
    for await (const tile of readVectorFile(path, dimensions)) {
      read.set(tile, at)
      at += tile.length
    }
    expect(at).toBe(read.length)
    expect(Buffer.from(read.buffer).equals(Buffer.from(written.buffer))).toBe(true)
    expect(Buffer.from(written.buffer).equals(Buffer.from(rounded(vectors, dimensions, precision).buffer))).toBe(true)
    expect(await readVectorHead(path)).toEqual({ dimensions, precision })
    expect((await stat(path)).size).toBe(12 + 5000 * (numberBytes * dimensions + scaleBytes))
  })
})

it('a file that is cut short, of other dimensions, or of something else is said to be so', async () => {
  const path = join(folder, 'cut.bin')
  const file = await createVectorFile(path, { dimensions: 8, precision: 'int16' })
  await file.write(unitRows(4, 8))
  await file.close()
  const read = async (dimensions: number) => {
    for await (const tile of readVectorFile(path, dimensions)) expect(tile.length).toBeGreaterThan(0)
  }
  await expect(read(7)).rejects.toThrow('has vectors of 8 dimensions, and not of 7')
  await truncate(path, 12 + 4 * 20 - 1)
  await expect(read(8)).rejects.toThrow('does not hold whole rows')
  await writeFile(path, 'not vectors at all')
  await expect(read(8)).rejects.toThrow('is no file of vectors')
})
