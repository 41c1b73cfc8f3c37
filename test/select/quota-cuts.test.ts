import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createQuotaCuts } from '../../src/select/quota-cuts.js'

const rows = fc.array(fc.tuple(fc.nat(3), fc.constantFrom(-1, 0, 0.25, 0.5, 3, 7)), { maxLength: 60 })
const quotas = fc.array(fc.nat(12), { minLength: 4, maxLength: 4 })

test('cuts end each cluster at the rank of its last pick, and tell how many of that rank are picked', () => {
  fc.assert(
    fc.property(rows, quotas, (pushed, wanted) => {
      const cuts = createQuotaCuts(wanted)
      for (const [cluster, rank] of pushed) cuts.push(cluster, rank)
      const { ranks, ties } = cuts.finish()
      for (const [cluster, quota] of wanted.entries()) {
        const inOrder = pushed.flatMap(([c, rank]) => (c === cluster ? [rank] : [])).sort((a, b) => a - b)
        const picked = inOrder.slice(0, quota)
        const below = inOrder.filter((rank) => rank < ranks[cluster]!).length
        expect(below + ties[cluster]!).toBe(picked.length)
        if (picked.length === quota && quota > 0) expect(ranks[cluster]).toBe(picked.at(-1))
      }
    }),
  )
})

test('cuts refuse a rank that is no number and a cluster that is none', () => {
  const cuts = createQuotaCuts([1])
  expect(() => cuts.push(0, Number.NaN)).toThrow(/NaN/)
  expect(() => cuts.push(1, 0)).toThrow(/cluster below 1/)
})
