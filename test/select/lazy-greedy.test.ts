import fc from 'fast-check'
import { expect, it } from 'vitest'
import { facilityLocation } from '../../src/select/facility-location.js'
import { lazyGreedy } from '../../src/select/lazy-greedy.js'
import { maximalMarginalRelevance } from '../../src/select/mmr.js'
import { rougeL } from '../../src/select/rouge.js'
import { createRougeDiversity } from '../../src/select/rouge-diversity.js'

/** Takes the best row by looking at every one that is left, the lowest on ties. */
function plainGreedy(rows: number, k: number, value: (row: number, taken: readonly number[]) => number): number[] {
  const taken: number[] = []
  while (taken.length < Math.min(k, rows)) {
    let best = -1
    for (let row = 0; row < rows; row++) {
      if (!taken.includes(row) && (best === -1 || value(row, taken) > value(best, taken))) best = row
    }
    taken.push(best)
  }
  return taken
}

// Small whole numbers, so that sums have no rounding and ties are met.
const dimensions = 3
const small = fc.integer({ min: -4, max: 4 })
const points = fc.array(fc.tuple(small, small, small), { minLength: 1, maxLength: 40 })
const count = fc.integer({ min: 1, max: 45 })
const squared = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0)

it('lazy greedy takes what plain greedy takes of any values that do not rise, ties by the lowest row', async () => {
  // Row r covers the elements of its set: the classic of submodular values.
  const sets = fc.array(fc.array(fc.nat(12), { maxLength: 6 }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(sets, count, async (rows, k) => {
      const gain = (row: number, covered: ReadonlySet<number>) =>
        new Set(rows[row]!.filter((element) => !covered.has(element))).size
      const expected = plainGreedy(rows.length, k, (row, taken) =>
        gain(row, new Set(taken.flatMap((other) => rows[other]!))),
      )
      const covered = new Set<number>()
      const found = await lazyGreedy({
        rows: rows.length,
        k,
        value: (row) => gain(row, covered),
        take: (row) => rows[row]!.forEach((element) => void covered.add(element)),
      })
      expect([...found.rows]).toEqual(expected)
    }),
  )
})

it('lazy greedy heeds its signal', async () => {
  const stopped = lazyGreedy({ rows: 10, k: 3, value: () => 0, take: () => {}, signal: AbortSignal.abort() })
  await expect(stopped).rejects.toThrow('aborted')
})

it('facility location takes what plain greedy takes, and tells what is left', async () => {
  await fc.assert(
    fc.asyncProperty(points, fc.array(fc.integer({ min: 1, max: 5 })), count, async (rows, given, k) => {
      const weights = Float64Array.from(rows, (_, row) => given[row] ?? 1)
      const costOf = (taken: readonly number[]) =>
        rows.reduce(
          (sum, row, at) => sum + weights[at]! * Math.min(...taken.map((other) => squared(row, rows[other]!))),
          0,
        )
      const expected = plainGreedy(rows.length, k, (row, taken) => -costOf([...taken, row]))
      const vectors = Float32Array.from(rows.flat())
      const found = await facilityLocation({ vectors, weights, dimensions }, { k })
      expect([...found.rows]).toEqual(expected)
      expect(found.cost).toBe(costOf(expected))
      for (const [turn, row] of expected.entries()) {
        const before = expected.slice(0, turn).map((other) => squared(rows[row]!, rows[other]!))
        expect(found.gaps[turn]).toBe(turn === 0 ? 0 : Math.min(...before))
      }
    }),
  )
})

it('maximal marginal relevance takes what plain greedy takes', async () => {
  const eighths = fc.nat(8).map((value) => value / 8)
  await fc.assert(
    fc.asyncProperty(points, fc.array(eighths), count, fc.nat(4), async (rows, given, k, quarters) => {
      const unit = rows.map((row) => row.map((value) => value / 8))
      const relevance = Float64Array.from(rows, (_, row) => given[row] ?? 0)
      const lambda = quarters / 4
      const dot = (a: number, b: number) => unit[a]!.reduce((sum, value, at) => sum + value * unit[b]![at]!, 0)
      const expected = plainGreedy(rows.length, k, (row, taken) => {
        const alike = taken.length === 0 ? 0 : Math.max(...taken.map((other) => dot(row, other)))
        return lambda * relevance[row]! - (1 - lambda) * alike
      })
      const vectors = Float32Array.from(unit.flat())
      const found = await maximalMarginalRelevance({ vectors, dimensions, relevance, k, lambda })
      expect([...found.rows]).toEqual(expected)
    }),
  )
})

const word = fc.constantFrom('red', 'green', 'blue', 'sky', '山', '水')
const texts = fc.array(
  fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
  { minLength: 1, maxLength: 25 },
)
const fOf = (a: string, b: string) => rougeL(a, b, { tokens: 'words' }).f

it('texts chosen by ROUGE-L are those of plain farthest-first, ties by the lowest id', async () => {
  await fc.assert(
    fc.asyncProperty(texts, count, fc.nat(24), async (given, k, start) => {
      // Ids that do not stand in the order in which the texts come.
      const idOf = (text: number) => String.fromCharCode(65 + ((text * 7) % 26))
      const order = [...given.keys()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
      const first = order[start % order.length]!
      const expected = plainGreedy(given.length, k, (row, taken) =>
        taken.length === 0
          ? Number(order[row] === first)
          : -Math.max(...taken.map((other) => fOf(given[order[row]!]!, given[order[other]!]!))),
      )
      const diversity = createRougeDiversity()
      for (const [text, value] of given.entries()) diversity.add(idOf(text), value)
      const found = await diversity.choose({ k, first: idOf(first) })
      expect(found.ids).toEqual(expected.map((row) => idOf(order[row]!)))
      for (const [turn, row] of expected.entries()) {
        const before = expected.slice(0, turn).map((other) => fOf(given[order[row]!]!, given[order[other]!]!))
        expect(found.scores[turn]).toBe(Math.max(0, ...before))
      }
    }),
  )
})

it('the largest ROUGE-L of a text with others leaves out itself', () => {
  fc.assert(
    fc.property(texts, fc.nat(24), (given, at) => {
      const diversity = createRougeDiversity()
      for (const [text, value] of given.entries()) diversity.add(`${text}`, value)
      const asked = at % given.length
      const others = given.filter((_, text) => text !== asked).map((text) => fOf(text, given[asked]!))
      expect(diversity.largest(`${asked}`, given[asked]!)).toBe(Math.max(0, ...others))
      expect(diversity.largest('none', given[asked]!)).toBe(
        Math.max(0, ...given.map((text) => fOf(text, given[asked]!))),
      )
    }),
  )
})
