import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ClusteredRow, createQuotaPick, type Inside, quotas } from '../../src/select/quota.js'
import { uniform } from '../../src/text/hash.js'
import { arrivals, mergeAll } from './vectors.js'

const counts = fc.array(fc.oneof(fc.nat(6), fc.nat(1000)), { maxLength: 30 })
const alphas = fc.constantFrom(0, 0.25, 0.5, 1, 2)

describe('quotas', () => {
  test('add up exactly, and never ask a cluster for more than it has', () => {
    fc.assert(
      fc.property(counts, fc.nat(20_000), alphas, (sizes, total, alpha) => {
        const found = quotas(sizes, total, { alpha })
        const all = sizes.reduce((sum, size) => sum + size, 0)
        expect(found.reduce((sum, quota) => sum + quota, 0)).toBe(Math.min(total, all))
        found.forEach((quota, c) => {
          expect(quota).toBeLessThanOrEqual(sizes[c]!)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('give a larger cluster no less, and of equal ones the first no less', () => {
    fc.assert(
      fc.property(counts, fc.nat(20_000), fc.constantFrom(0.25, 0.5, 1, 2), (sizes, total, alpha) => {
        const found = quotas(sizes, total, { alpha })
        sizes.forEach((size, a) => {
          for (let b = 0; b < sizes.length; b++) {
            if (size > sizes[b]! || (size === sizes[b] && a < b)) expect(found[a]).toBeGreaterThanOrEqual(found[b]!)
          }
        })
      }),
    )
  })

  test.each([
    { alpha: 1, expected: [1, 4, 5, 0] },
    { alpha: 0.5, expected: [2, 4, 4, 0] },
    { alpha: 0, expected: [4, 3, 3, 0] },
  ])('share 10 rows among clusters of 10, 40, 50 and 0 with alpha $alpha', ({ alpha, expected }) => {
    expect([...quotas([10, 40, 50, 0], 10, { alpha })]).toEqual(expected)
  })

  test('grow with the square root unless told otherwise', () => {
    expect([...quotas(Float64Array.of(100, 400, 900), 60)]).toEqual([10, 20, 30])
  })

  test('pour what a small cluster cannot give into the others', () => {
    expect([...quotas([2, 100, 100], 30, { alpha: 0 })]).toEqual([2, 14, 14])
    expect([...quotas([1, 5, 100, 100], 46, { alpha: 0 })]).toEqual([1, 5, 20, 20])
  })

  test('are empty for no clusters, and nothing for no rows', () => {
    expect(quotas([], 10)).toEqual(new Uint32Array(0))
    expect(quotas([0, 0], 10)).toEqual(Uint32Array.of(0, 0))
    expect(quotas([3, 4], 0)).toEqual(Uint32Array.of(0, 0))
  })

  test('refuse counts that are no counts', () => {
    expect(() => quotas([1.5], 1)).toThrow('Expected counts and total to be integers from 0 up, got `1.5`')
    expect(() => quotas([1], Number.NaN)).toThrow('got `NaN`')
    expect(() => quotas([1], 1, { alpha: -1 })).toThrow('Expected `alpha`')
  })
})

describe('createQuotaPick', () => {
  type Scored = ClusteredRow & { text: string }
  const rows = Array.from({ length: 60 }, (_, row): Scored => {
    const distance = Math.floor(uniform(1, String(row), 'distance') * 5)
    return { id: `row ${row}`, cluster: row % 4, distance, text: `text of ${row}` }
  })
  const wanted = [3, 0, 100, 1]

  function reference(inside: Inside): Scored[] {
    const rank = (row: Scored) =>
      inside === 'random' ? uniform(9, row.id, 'quota') : inside === 'nearest' ? row.distance : -row.distance
    return wanted.flatMap((quota, cluster) =>
      rows
        .filter((row) => row.cluster === cluster)
        .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
        .slice(0, quota),
    )
  }

  test.each(['random', 'nearest', 'farthest'] as const)(
    'picks the %s rows, whatever their order and shards',
    (inside) => {
      const expected = reference(inside)
      fc.assert(
        fc.property(arrivals(rows.length), fc.array(fc.nat(), { minLength: 1 }), (shards, tree) => {
          const picks = shards.map((batches) => {
            const pick = createQuotaPick<Scored>({ quotas: wanted, seed: 9, inside })
            for (const batch of batches) for (const row of batch) pick.push(rows[row]!)
            return pick
          })
          expect(mergeAll(picks, tree).finish()).toEqual(expected)
        }),
      )
    },
  )

  test('picks other rows for another seed', () => {
    const ids = (seed: number) => {
      const pick = createQuotaPick({ quotas: [3, 3, 3, 3], seed, inside: 'random' })
      for (const row of rows) pick.push(row)
      return pick.finish().map((row) => row.id)
    }
    expect(ids(1)).not.toEqual(ids(2))
  })

  test('refuses a row of a cluster that has no quota, and a distance that is no number', () => {
    const pick = createQuotaPick({ quotas: [1], seed: 1, inside: 'nearest' })
    expect(() => pick.push({ id: 'a', cluster: 1, distance: 0 })).toThrow('Expected a cluster below 1, got `1` (a)')
    expect(() => pick.push({ id: 'a', cluster: 0, distance: Number.NaN })).toThrow('Expected a distance')
    expect(pick.finish()).toEqual([])
  })
})
