import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Candidate, leastRanked } from '../../../src/recipes/select/least-ranked.js'
import { collect } from '../../laws.js'

// Few ranks, so that many rows share one; ids that do not rise with the place.
const drawn = fc.array(fc.tuple(fc.nat(3), fc.constantFrom(0, 0.5, 1)), { maxLength: 80 })
const quotas = fc.array(fc.nat(15), { minLength: 4, maxLength: 4 })

it('chooses the same rows in the same order whether it holds them or only their ranks', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, quotas, async (rows, wanted) => {
      const all = rows.map(([cluster, distance], row): Candidate => {
        const id = `row-${(row * 37) % 101}`
        return { id, cluster, distance, place: { id, task: '000000', row, cluster, distance } }
      })
      async function* candidates() {
        for (let from = 0; from < all.length; from += 7) yield all.slice(from, from + 7)
      }
      const held = await collect(leastRanked(candidates, wanted))
      expect(await collect(leastRanked(candidates, wanted, { held: 0 }))).toEqual(held)
      expect(held.map(({ row }) => row)).toEqual(held.map(({ row }) => row).toSorted((a, b) => a - b))
      for (const [cluster, quota] of wanted.entries()) {
        const inOrder = all
          .filter((row) => row.cluster === cluster)
          .sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
        const chosen = held.filter((row) => row.cluster === cluster).map(({ id }) => id)
        expect(chosen.toSorted()).toEqual(
          inOrder
            .slice(0, quota)
            .map(({ id }) => id)
            .toSorted(),
        )
      }
    }),
  )
})
