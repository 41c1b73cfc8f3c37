import { describe, expect, it } from 'vitest'
import { drawOperator, operators } from '../../../src/recipes/evol-instruct/operators.js'

describe('the draw of operators', () => {
  it.each(['repository', 'paper'] as const)('is uniform over 60,000 rows, chi-square, %s', (mode) => {
    const draws = 60_000
    const counts = new Map<string, number>()
    for (let n = 0; n < draws; n++) {
      const operator = drawOperator(mode, { seed: 7, id: `shard.parquet#${n}/1` })
      counts.set(operator, (counts.get(operator) ?? 0) + 1)
    }
    const expected = draws / operators[mode].length
    expect([...counts.keys()].sort()).toEqual([...operators[mode]].sort())
    const statistic = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // The 0.999 quantiles of chi-square with 4 and 5 degrees of freedom.
    expect(statistic).toBeLessThan({ repository: 18.47, paper: 20.52 }[mode])
  })

  it('depends on seed and id alone, and changes with either', () => {
    const draw = (seed: number) =>
      Array.from({ length: 50 }, (_, n) => drawOperator('paper', { seed, id: `a#${n}/1` })).join()
    expect(draw(1)).toBe(draw(1))
    expect(draw(1)).not.toBe(draw(2))
    const rounds = Array.from({ length: 50 }, (_, n) => drawOperator('paper', { seed: 1, id: `a#${n}/2` })).join()
    expect(rounds).not.toBe(draw(1))
  })

  it('has 5 operators as the repository and 6 as the paper', () => {
    expect(operators.repository).toHaveLength(5)
    expect(operators.paper).toHaveLength(6)
    expect(operators.paper.filter((each) => !(operators.repository as readonly string[]).includes(each))).toEqual([
      'complicate-input',
    ])
  })
})
