import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { curate } from '../../src/recipes/curate.js'
import { sweep } from '../../src/recipes/filter/sweep.js'
import { total } from '../../src/run/tally.js'
import { paragraph } from '../prose.js'
import { rowsOf } from './whole-run.js'

let folder: string
let shards: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-filter-'))
  shards = await Promise.all(
    [0, 1].map(async (shard) => {
      const path = join(folder, `part-${shard}.jsonl`)
      const texts = Array.from({ length: 20 }, (_, n) => ({ text: paragraph(`${shard}-${n}`), n }))
      const rows = [
        ...texts,
        { text: 'Too short.' },
        { text: null },
        { text: 'buy now '.repeat(100) },
        { text: 'Das Brot liegt im Ofen, und alle warten darauf. '.repeat(3) },
      ]
      await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'))
      return path
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let runs = 0
let out: string
beforeEach(() => {
  out = join(folder, `run-${runs++}`)
})
const run = (config: Record<string, unknown>, inputs = shards) => curate({ recipe: 'filter', inputs, out, config })

describe('filter', () => {
  it('writes the rows that pass, every column as it was, and lists the others with rule and measure', async () => {
    const { tally } = await run({ rules: 'length,gopher-repetition', minChars: 50 })
    const rows = await rowsOf(join(out, 'data'))
    expect(rows).toHaveLength(tally.out)
    expect(rows.length).toBeGreaterThan(10)
    for (const { text, n } of rows) expect([paragraph(`0-${n}`), paragraph(`1-${n}`)]).toContain(text)
    const lost = await rowsOf(join(out, 'rejects.parquet'))
    expect(lost).toContainEqual(
      expect.objectContaining({
        id: 'part-0.jsonl#20',
        stage: 'length',
        reason: 'fewer than 50 characters',
        detail: '10',
      }),
    )
    expect(lost).toContainEqual(expect.objectContaining({ id: 'part-1.jsonl#21', stage: 'read', reason: 'no text' }))
    expect(lost).toContainEqual(expect.objectContaining({ id: 'part-1.jsonl#22', stage: 'gopher-repetition' }))
    expect(tally.in).toBe(48)
    expect(tally.in).toBe(tally.out + total(tally.rejected))
  })

  it('takes rows that have an id in common for rows of their own, as a dump may bring them', async () => {
    const path = join(folder, 'dump.jsonl')
    const rows = ['Short.', paragraph('a'), paragraph('b'), 'Brief.'].map((text) => ({ id: 'x', text }))
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'))
    const { tally } = await run({ rules: 'length', minChars: 50, idColumn: 'id' }, [path])
    expect([tally.in, tally.out]).toEqual([4, 2])
    expect((await rowsOf(join(out, 'data'))).map(({ text }) => text)).toEqual([paragraph('a'), paragraph('b')])
    expect((await rowsOf(join(out, 'rejects.parquet'))).map(({ id, detail }) => [id, detail])).toEqual([
      ['x', '6'],
      ['x', '6'],
    ])
  })

  it('keeps a language, and what is in no test set', async () => {
    const test = join(folder, 'test.jsonl')
    await writeFile(test, JSON.stringify({ question: paragraph('0-3').slice(0, 150) }))
    const { tally } = await run({
      rules: 'language,decontamination',
      languages: 'en',
      testData: test,
      testColumns: 'question',
    })
    expect(tally.rejected['language: another language']).toBe(2)
    expect(tally.rejected['decontamination: in the test set']).toBeGreaterThanOrEqual(1)
    const lost = await rowsOf(join(out, 'rejects.parquet'))
    expect(lost.find(({ stage }) => stage === 'decontamination')!.id).toBe('part-0.jsonl#3')
  })

  it('writes only the lines that C4 keeps where that is asked', async () => {
    const path = join(folder, 'pages.jsonl')
    const lines = [
      'The mill stands by the river.',
      'It grinds all day long.',
      'Nobody knows who built it!',
      'Was it you, my friend?',
      'The miller said no.',
    ]
    await writeFile(path, JSON.stringify({ text: ['Menu', ...lines, 'Imprint'].join('\n') }))
    await run({ rules: 'c4', c4Lines: true }, [path])
    expect((await rowsOf(join(out, 'data')))[0]!.text).toBe(lines.join('\n'))
  })

  it('gives the same bytes whatever the order of the shards', async () => {
    const bytes = () => readFile(join(out, 'data', 'train-00000-of-00001.parquet'))
    await run({ rules: 'length' })
    const one = await bytes()
    out = join(folder, `run-${runs++}`)
    await run({ rules: 'length' }, [...shards].reverse())
    expect((await bytes()).equals(one)).toBe(true)
  })

  it('says what was probably meant', async () => {
    await expect(run({ rules: 'gopher-qualty' })).rejects.toMatchObject({ fix: 'Did you mean `gopher-quality`?' })
    await expect(run({ rules: 'decontamination' })).rejects.toMatchObject({ fix: 'Name its file with --test-data.' })
  })

  it('sweeps limits that would throw out what it says', async () => {
    const swept = await sweep(shards, { rules: 'gopher-quality,c4' }, { rows: 1000 })
    expect(swept.texts).toBe(46)
    const [gopher, c4] = swept.families
    expect(c4!.rules).toEqual([])
    const rule = gopher!.rules.find((each) => each.rule === 'fewer than 50 words')!
    expect(rule.drops).toBeGreaterThan(0)
    expect(rule.limitsFor.map(({ drops }) => drops)).toEqual([0.01, 0.05, 0.1, 0.25])
    const limits = rule.limitsFor.map(({ limit }) => limit)
    expect(limits).toEqual([...limits].sort((a, b) => a - b))
  })
})
