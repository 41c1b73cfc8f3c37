import { describe, expect, it } from 'vitest'
import { sluice } from './sluice.js'
import { parsed, scratch } from './tables.js'

describe('sluice head', () => {
  it('prints a count of rows, or a range, through several shards', async () => {
    const folder = await scratch({ 'a.jsonl': '{"n":0}\n{"n":1}\n', 'b.csv': 'n,m\n2,x\n3,\n', 'c.jsonl': '{"n":4}\n' })
    const rows = [{ n: 0 }, { n: 1 }, { n: '2', m: 'x' }, { n: '3', m: null }, { n: 4 }]
    expect(parsed((await sluice(['head', folder])).stdout)).toEqual(rows)
    expect(parsed((await sluice(['head', folder, '-n', '3'])).stdout)).toEqual(rows.slice(0, 3))
    expect(parsed((await sluice(['head', folder, '--rows', '1:4'])).stdout)).toEqual(rows.slice(1, 4))
    expect(parsed((await sluice(['head', folder, '--rows', '3:', '--columns', 'm,n'])).stdout)).toEqual([
      { m: null, n: '3' },
      { n: 4 },
    ])
    expect(parsed((await sluice(['head', folder, '--rows', '9:12'])).stdout)).toEqual([])
  })

  it('takes a column that only late rows have, and refuses one that no shard has', async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => JSON.stringify(n < 2999 ? { n } : { late: n }))
    const folder = await scratch({ 'a.jsonl': lines.join('\n'), 'b.jsonl': '{"n":4}\n' })
    const { stdout } = await sluice(['head', folder, '--rows', '2998:3001', '--columns', 'late,n'])
    expect(parsed(stdout)).toEqual([{ n: 2998 }, { late: 2999 }, { n: 4 }])
    const { code, stderr } = await sluice(['head', folder, '--columns', 'lte'])
    expect(stderr).toContain('None of the shards has a column `lte`')
    expect(stderr).toContain('Did you mean `late`? Their columns are: n, late.')
    expect(code).toBe(2)
  })

  it('says what a range looks like', async () => {
    for (const rows of ['x', '5:2', ':', '-3']) {
      const { code, stderr } = await sluice(['head', 'any.jsonl', `--rows=${rows}`])
      expect(code, rows).toBe(2)
      expect(stderr, rows).toMatch(/error E_USAGE/)
    }
  })
})
