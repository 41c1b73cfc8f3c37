import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSubsequenceLength } from '../../src/select/lcs.js'
import { createNoveltyIndex } from '../../src/select/novelty.js'
import { rougeF, rougeL } from '../../src/select/rouge.js'

const values = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/values/${name}`, import.meta.url), 'utf8'))

/** The textbook table, a cell a pair of tokens. */
function slowLength(a: readonly number[], b: readonly number[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const token of a) {
    const next = [0]
    for (const [j, other] of b.entries()) {
      next.push(token === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!))
    }
    row = next
  }
  return row.at(-1)!
}

describe('ROUGE-L', () => {
  it.each(values('rougeL_conformance.json') as Record<'target' | 'prediction' | 'p' | 'r' | 'f', never>[])(
    'equals rouge-score for $target',
    ({ target, prediction, p, r, f }) => {
      expect(rougeL(target, prediction)).toEqual({ precision: p, recall: r, f })
    },
  )

  it('meets 0.7 on the side that the published formula rounds to', () => {
    const boundary = values('rouge_0.7_float_boundary.json')
    const above: number[][] = []
    let shapes = 0
    for (let m = 1; m <= 60; m++) {
      for (let n = 1; n <= 60; n++) {
        const length = (7 * (m + n)) / 20
        if (!Number.isInteger(length) || length > Math.min(m, n)) continue
        shapes++
        if (rougeF(length, m, n) > 0.7) above.push([m, n, length, rougeF(length, m, n)])
      }
    }
    expect(shapes).toBe(boundary['combos_with_2L/(m+n)==0.7'])
    expect(above).toEqual(boundary['of_which_float_f>0.7'])
    expect(rougeF(10 * 0.7, 10, 10)).toBe(0.7)
  })

  it('sees Chinese where asked for words', () => {
    expect(rougeL('你好世界', '你好，新世界', { tokens: 'words' })).toEqual({
      precision: 0.8,
      recall: 1,
      f: 0.888888888888889,
    })
    expect(rougeL('你好世界', '你好世界').f).toBe(0)
  })

  it('is the longest common subsequence of any two sequences', () => {
    const token = fc.integer({ min: 0, max: 6 })
    const sequence = fc.array(token, { maxLength: 150, size: 'max' })
    const common = createSubsequenceLength(() => 7)
    fc.assert(
      fc.property(sequence, sequence, sequence, (held, a, b) => {
        common.hold(Int32Array.from(held))
        // Two in turn, since one must leave nothing behind for the next.
        expect(common.against(Int32Array.from(a), 0, a.length)).toBe(slowLength(held, a))
        expect(common.against(Int32Array.from([9, ...b]), 1, b.length + 1)).toBe(slowLength(held, b))
      }),
      { numRuns: 300 },
    )
  })
})

const seeds = join(import.meta.dirname, '../../../shared/data/self-instruct/seed_tasks.jsonl')
const pairs = join(import.meta.dirname, '../../../shared/conformance/seed_tasks_top50_rougeL_pairs.json')

describe.skipIf(!existsSync(seeds))("Self-Instruct's seed tasks (skipped where ../shared is absent)", () => {
  const tasks = () =>
    readFileSync(seeds, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; instruction: string })

  it('have the F of rouge-score in all 15,225 pairs', () => {
    const all = tasks()
    const scores = all.flatMap((a, i) =>
      all.slice(i + 1).map((b) => ({ a: a.id, b: b.id, rougeL_f: rougeL(a.instruction, b.instruction).f })),
    )
    expect(scores).toHaveLength(15_225)
    scores.sort((x, y) => y.rougeL_f - x.rougeL_f)
    // The recorded sum was added up from the greatest to the least.
    expect(scores.reduce((sum, { rougeL_f }) => sum + rougeL_f, 0)).toBe(1559.5386030236077)
    expect(scores.filter(({ rougeL_f }) => rougeL_f > 0.7)).toHaveLength(2)
    const top = JSON.parse(readFileSync(pairs, 'utf8')) as typeof scores
    expect(scores.slice(0, 50).map(({ rougeL_f }) => rougeL_f)).toEqual(top.map(({ rougeL_f }) => rougeL_f))
    for (const pair of top) expect(scores).toContainEqual(pair)
  })

  it('are 173 once each is new to those before it', () => {
    const index = createNoveltyIndex({ tokens: 'ascii' })
    const found = tasks().flatMap(({ id, instruction }) => {
      const duplicate = index.duplicateOf(instruction)
      if (!duplicate) index.add(id, instruction)
      return duplicate ? [duplicate.score] : []
    })
    expect(found.sort()).toEqual([0.75, 0.823529411764706])
    expect(index.size).toBe(173)
  })
})
