import { describe, expect, it } from 'vitest'
import { chainTallies, checkTally, emptyTally, mergeTallies } from '../../src/run/tally.js'

const grown = { in: 10, added: { 'grow: thought up': 5 }, out: 12, rejected: { 'grow: too short': 3 }, failed: {} }

describe('the accounting of rows', () => {
  it('closes over rows that a pass made itself', () => {
    expect(checkTally(grown, 'here')).toBe(grown)
    expect(() => checkTally({ ...grown, added: { 'grow: thought up': 4 } }, 'here')).toThrow(
      'here took or made 14 rows and accounts for 15',
    )
  })

  it('keeps what was added when passes join and when tasks stand side by side', () => {
    const next = { ...emptyTally, in: 12, out: 14, added: { 'instances: one more of a task': 2 } }
    expect(chainTallies(grown, next, 'instances').added).toEqual({
      'grow: thought up': 5,
      'instances: one more of a task': 2,
    })
    expect(mergeTallies(grown, grown).added).toEqual({ 'grow: thought up': 10 })
  })

  it('says nothing of additions where there were none', () => {
    expect(mergeTallies(emptyTally, emptyTally)).not.toHaveProperty('added')
  })
})
