import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type BucketRow, readBucket } from '../../../src/recipes/select/bucket-rows.js'
import { bucketsOf, openBuckets } from '../../../src/recipes/select/buckets.js'
import { vectorBytes } from '../../../src/recipes/select/vector-bytes.js'
import { collect } from '../../laws.js'

it('clusters share a bucket as long as it has room for them, and none is cut', () => {
  expect([...bucketsOf([1, 99, 1, 300, 0, 5, 0], 100)]).toEqual([0, 0, 1, 2, 3, 3, 3])
  expect([...bucketsOf([], 100)]).toEqual([])
})

it('a bucket gives back its rows in order, whatever the others are given', async () => {
  const row = fc.record({ id: fc.string({ unit: 'grapheme', maxLength: 9 }), cluster: fc.nat(4), distance: fc.nat(9) })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (given) => {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-buckets-'))
      try {
        const rows = given.map((each, n): BucketRow => ({ ...each, vector: Float32Array.of(n, -n, 0.5) }))
        const vectors = vectorBytes(3, 'float32')
        const buckets = openBuckets(folder, 5, vectors)
        for (const each of rows) await buckets.push(each.cluster, each)
        await buckets.finish()
        const files = (await readdir(folder)).sort()
        expect(files).toHaveLength(new Set(given.map(({ cluster }) => cluster)).size)
        const found: BucketRow[] = []
        for (const file of files) found.push(...(await collect(readBucket(join(folder, file), vectors))))
        expect(found).toEqual([0, 1, 2, 3, 4].flatMap((cluster) => rows.filter((each) => each.cluster === cluster)))
      } finally {
        await rm(folder, { recursive: true })
      }
    }),
    { numRuns: 30 },
  )
})
