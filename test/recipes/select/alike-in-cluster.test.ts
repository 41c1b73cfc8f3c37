import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Alike, compareInBlocks } from '../../../src/recipes/select/alike-in-cluster.js'
import type { BucketRow } from '../../../src/recipes/select/bucket-rows.js'
import { heldRows, sortRows } from '../../../src/recipes/select/sorted-rows.js'
import { vectorBytes } from '../../../src/recipes/select/vector-bytes.js'
import { collect } from '../../laws.js'

const dimensions = 3
// Few values, so that there are equal rows, equal distances and rows of zeros.
const part = fc.constantFrom(-1, 0, 0, 1, 2)
const clusterRows = fc
  .array(fc.record({ distance: fc.nat(3), vector: fc.tuple(part, part, part) }), { minLength: 1, maxLength: 200 })
  .map((rows) =>
    rows.map(({ distance, vector }, n): BucketRow => {
      const length = Math.hypot(...vector) || 1
      return { id: `r#${n}`, cluster: 4, distance, vector: Float32Array.from(vector, (value) => value / length) }
    }),
  )

const inOrder = (a: BucketRow, b: BucketRow) => b.distance - a.distance || (a.id < b.id ? -1 : 1)

async function compared(rows: readonly BucketRow[], blockRows: number, most: number): Promise<Alike[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-alike-'))
  try {
    const vectors = vectorBytes(dimensions, 'float32')
    const source = (async function* () {
      yield rows
    })()
    const sorted = await sortRows(source, { compare: inOrder, vectors, most, folder })
    expect(sorted.held === undefined).toBe(rows.length > most)
    const { signal } = new AbortController()
    const found = await collect(compareInBlocks(sorted, { dimensions, blockRows, folder, signal }))
    await sorted.remove()
    expect(await readdir(folder)).toEqual([])
    return found
  } finally {
    await rm(folder, { recursive: true })
  }
}

it('a cluster that memory has no room for is compared as one that it holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      clusterRows,
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 40 }),
      async (...given) => {
        const [rows, blockRows, most] = given
        expect(await compared(rows, blockRows, most)).toEqual(await compared(rows, blockRows, rows.length))
      },
    ),
    { numRuns: 25 },
  )
})

it('every row is most like the row before it of the largest cosine, whatever the blocks', async () => {
  await fc.assert(
    fc.asyncProperty(clusterRows, fc.integer({ min: 1, max: 70 }), async (rows, blockRows) => {
      const found = await compared(rows, blockRows, rows.length)
      const sorted = rows.toSorted(inOrder)
      expect(found.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id))
      for (const [n, { alike, of }] of found.entries()) {
        const before = sorted.slice(0, n).map(({ vector }) => cosine(vector, sorted[n]!.vector))
        const largest = Math.max(-1, ...before)
        expect(alike).toBeCloseTo(largest, 5)
        if (largest > -1) expect(before[sorted.findIndex(({ id }) => id === of)]).toBeCloseTo(largest, 5)
      }
    }),
    { numRuns: 50 },
  )
})

it('goes through a cluster once for all rows of one vector, and once for each block of others', async () => {
  const walks = async (different: number) => {
    const rows = Array.from({ length: 3000 }, (_, n): BucketRow => {
      const angle = (n % different) / 50
      return { id: `r#${n}`, cluster: 0, distance: 0, vector: Float32Array.of(Math.cos(angle), Math.sin(angle), 0) }
    })
    const held = heldRows(rows)
    const starts: number[] = []
    const from = (row: number) => {
      starts.push(row)
      return held.from(row)
    }
    const folder = await mkdtemp(join(tmpdir(), 'sluice-alike-'))
    const { signal } = new AbortController()
    const found = await collect(compareInBlocks({ ...held, from }, { dimensions, blockRows: 128, folder, signal }))
    await rm(folder, { recursive: true })
    expect(found.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
    return starts
  }
  expect(await walks(1)).toEqual([0])
  expect(await walks(300)).toEqual([0, 128, 256])
})

it('rows in memory are given from any on', async () => {
  const row = { id: 'a', cluster: 0, distance: 0, vector: new Float32Array(3) }
  expect(await collect(heldRows([row, { ...row, id: 'b' }]).from(1))).toEqual([{ ...row, id: 'b' }])
})

function cosine(a: Float32Array, b: Float32Array): number {
  const isEmpty = (vector: Float32Array) => vector.every((value) => value === 0)
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b) ? 1 : -1
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0)
}
