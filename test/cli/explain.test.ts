import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findShards, writeRows } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { explainRow } from '../../src/recipes/explain.js'
import { collect } from '../laws.js'
import { paragraph, writeProseShards } from '../prose.js'
import { toyEvolution, toyPicks } from '../recipes/toy-model.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { sluice } from './sluice.js'
import { scratch } from './tables.js'

async function explain(out: string, id: string) {
  const { code, stdout, stderr } = await sluice(['explain', out, id, '--json'])
  expect(code, stderr).toBe(0)
  const lines = await sluice(['explain', out, id])
  return { told: JSON.parse(stdout), lines: lines.stdout }
}

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await sluice([...args, '-q'])
  expect(code, stderr).toBe(0)
}

/** Ten texts of their own, and three like the first: with one word changed, with another, and equal to that. */
async function duplicates(): Promise<string> {
  const folder = await scratch()
  const texts = Array.from({ length: 10 }, (_, n) => [0, 1, 2, 3].map((part) => paragraph(`${n}-${part}`)).join(' '))
  const words = texts[0]!.split(' ')
  const changed = (at: number) => words.toSpliced(at, 1, 'changed').join(' ')
  const rows = [...texts, changed(20), changed(90), changed(90)].map((text, n) => ({ name: `a/${n}`, text }))
  await writeFile(join(folder, 'corpus.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
  return folder
}

describe('sluice explain of a deduplication', () => {
  it.each([
    ['corpus.jsonl#', []],
    ['a/', ['--id-column', 'name']],
  ])(
    'tells whom a row duplicates by which score, and of one that stays who left for it (%s)',
    async (prefix, flags) => {
      const folder = await duplicates()
      const out = join(folder, 'out')
      await run('dedup', join(folder, 'corpus.jsonl'), '-o', out, ...flags)
      const id = (n: number) => `${prefix}${n}`
      const { told, lines } = await explain(out, id(11))
      expect(told.source).toMatchObject({ shard: 'corpus.jsonl', row: 11, columns: { name: 'a/11' } })
      expect(told.lost).toEqual([expect.objectContaining({ reason: 'near duplicate', duplicate_of: id(0) })])
      const { threshold, mostAlike, first, left, leftRows } = told.duplicates
      expect(threshold).toBe(0.65)
      expect(mostAlike).toEqual({ id: id(11), of: id(0), score: told.lost[0].score })
      expect(first).toBe(id(0))
      expect(left.map((each: { id: string }) => each.id)).toEqual([id(10), id(11), id(12)])
      expect(left[2]).toEqual({ id: id(12), of: id(11), score: 1 })
      expect(leftRows).toBe(3)
      expect(lines).toContain(`near duplicate, like ${id(0)} by ${mostAlike.score.toFixed(4)}`)
      const stays = await explain(out, id(0))
      expect(stays.told.lost).toEqual([])
      expect(stays.told.duplicates).toEqual({ threshold, first, left, leftRows })
      expect(stays.lines).toContain(`of its group ${id(0)} stays, and 3 left:`)
      const alone = await explain(out, id(4))
      expect(alone.told.duplicates).toMatchObject({ first: id(4), left: [], leftRows: 0 })
      expect(alone.lines).toContain('no duplicate of another row')
      expect((await sluice(['explain', out, id(99)])).code).toBe(2)
    },
  )

  it('shows numbers that JSON has no word for, and of a vector the first few', async () => {
    const folder = await scratch()
    const rows = [{ text: 'A text of its own.', big: 2n ** 60n, vector: Float32Array.of(0.5, 0.25, 1, 2, 3, 4) }]
    async function* source() {
      yield rows
    }
    const schema = { text: 'string', big: 'int64', vector: { vector: 6 } } as const
    await writeRows(join(folder, 'corpus.parquet'), { schema })(source())
    const out = join(folder, 'out')
    await run('dedup', join(folder, 'corpus.parquet'), '-o', out, '--by', 'exact')
    const { told, lines } = await explain(out, 'corpus.parquet#0')
    expect(told.source.columns).toEqual({ ...rows[0], big: `${2n ** 60n}`, vector: [0.5, 0.25, 1, 2, 3, 4] })
    expect(lines).toContain(`"big": "${2n ** 60n}"`)
    expect(lines).toContain('"vector": "0.5000, 0.2500, 1, 2, … (6 in all)"')
  })

  it('tells the cluster, and the likest row also where it is not like enough', async () => {
    const folder = await duplicates()
    const out = join(folder, 'out')
    await run('dedup', join(folder, 'corpus.jsonl'), '-o', out, '--by', 'semantic', '--threshold', '1')
    const { told, lines } = await explain(out, 'corpus.jsonl#11')
    expect(told.lost).toEqual([])
    expect(told.duplicates).toMatchObject({ cluster: 0, threshold: 1, mostAlike: { id: 'corpus.jsonl#11' } })
    expect(told.duplicates.mostAlike.score).toBeGreaterThan(0.9)
    expect(told.duplicates.mostAlike.score).toBeLessThan(1)
    expect(lines).toMatch(/cluster 0\nmost like corpus\.jsonl#\d+: 0\.9\d+, duplicates from 1 on/)
  })
})

describe('sluice explain of a filter', () => {
  it.each([[[]], [['--id-column', 'name']]])(
    'tells every rule with value and limit, of what left and of what stays',
    async (flags) => {
      const folder = await scratch()
      const good = Array.from({ length: 6 }, (_, n) => paragraph(`f${n}`)).join('\n')
      const rows = ['Too short to be a document, this.', good].map((text, n) => ({ name: `n/${n}`, text }))
      await writeFile(join(folder, 'c.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
      const out = join(folder, 'out')
      const rules = ['--rules', 'gopher-quality,length', '--min-chars', '20']
      await run('filter', join(folder, 'c.jsonl'), '-o', out, ...rules, ...flags)
      const id = (n: number) => (flags.length > 0 ? `n/${n}` : `c.jsonl#${n}`)
      const { told, lines } = await explain(out, id(0))
      expect(told.source).toMatchObject({ row: 0 })
      const [lost] = told.lost
      const failed = told.rules.filter((rule: { passes: boolean }) => !rule.passes)
      expect(failed[0]).toMatchObject({ family: 'gopher-quality', rule: lost.reason, value: 7, least: 50 })
      expect(lines).toMatch(/^fails {2}gopher-quality: .*: 7, at least 50$/m)
      expect(lines).toContain('passes length')
      const stays = await explain(out, id(1))
      expect(stays.told.lost).toEqual([])
      expect(stays.told.rules.every((rule: { passes: boolean }) => rule.passes)).toBe(true)
      expect(stays.told.rules.length).toBeGreaterThan(5)
      expect((await sluice(['explain', out, 'c.jsonl#7'])).code).toBe(2)
    },
  )
})

describe('sluice explain of a selection', () => {
  it('tells the cluster, the likest row of it, or the turn, whichever the strategy has', async () => {
    const folder = await scratch()
    await writeProseShards(join(folder, 'corpus'), 1, 60)
    const of = async (by: string) => {
      const out = join(folder, by)
      await run('select', join(folder, 'corpus'), '-o', out, '--by', by, '-n', '10')
      const rows = await collect(readShards(await findShards([join(out, 'data')])))
      const last = rows.find((row) => row.sluice_cluster === (by === 'k-center' ? 9 : 0))!
      return { out, row: last, ...(await explain(out, String(last.sluice_id))) }
    }
    const center = await of('k-center')
    expect(center.told.choice).toMatchObject({ isChosen: true, turn: 9 })
    expect(center.lines).toContain(`chosen in turn 9, at ${Number(center.row.sluice_distance).toFixed(4)} from`)
    const semdedup = await of('semdedup')
    expect(semdedup.told.choice).toMatchObject({ isChosen: true, cluster: 0 })
    // Of the texts that are equal all but one stand behind another.
    const copies = await Promise.all(['shard-0.jsonl#6', 'shard-0.jsonl#13'].map((id) => explain(semdedup.out, id)))
    expect(copies.map(({ told }) => told.choice.alike?.cosine)).toContain(1)
    expect(copies.map(({ lines }) => lines).join()).toMatch(
      /in its cluster most like shard-0\.jsonl#\d+, by a cosine of 1\.0000/,
    )
  })
})

describe('sluice explain of ids that a column gave', () => {
  const named = (names: readonly string[]) =>
    names.map((name, n) => JSON.stringify({ name, instruction: `Explain ${n} and what follows from it.` })).join('\n')

  it.each([
    ['select-llm', 'a', ['--select', '2'], toyPicks],
    // What an instruction becomes is called a/1 by itself.
    ['evol-instruct', 'c', ['--mode', 'repository'], toyEvolution],
  ])('takes one that ends in a number for what it is (%s)', async (recipe, plain, flags, reply) => {
    const folder = await scratch({ 'c.jsonl': named(['a/1', plain, 'a/2', 'b/1']) })
    const server = await startOpenAiServer({ reply })
    onTestFinished(() => server.close())
    const out = join(folder, 'out')
    const model = ['--model', 'openai:toy', '--endpoint', server.url, '--id-column', 'name', '--max-failed', '1']
    await run('run', recipe, join(folder, 'c.jsonl'), '-o', out, ...flags, ...model)
    for (const id of ['a/1', 'a/2', 'b/1', plain]) {
      const told = await explainRow(out, id)
      expect(told.id).toBe(id)
      // Nothing of the rows that only begin alike.
      for (const { sluice_id, id: made } of told.rows) expect([id, `${id}/1`]).toContain(sluice_id ?? made)
    }
    const { told } = await explain(out, recipe === 'evol-instruct' ? 'b/1/1' : 'b/1')
    expect(told.id).toBe('b/1')
  })

  it('lists a row once that was lost while rows were gathered', async () => {
    const folder = await scratch()
    const rows = Array.from({ length: 400 }, (_, n) => ({
      name: `n-${n}`,
      text: `Text ${n}.`,
      other: paragraph(`${n}`),
    }))
    const path = join(folder, 'c.parquet')
    await writeRows(path)([rows] as never)
    const bytes = await readFile(path)
    bytes[Math.floor(bytes.length * 0.7)]! ^= 1
    await writeFile(path, bytes)
    const out = join(folder, 'out')
    const flags = ['-n', '400', '--by', 'random', '--id-column', 'name', '--on-bad-shard', 'skip']
    await run('select', path, '-o', out, ...flags)
    const { told, lines } = await explain(out, 'n-399')
    expect(told.lost).toEqual([expect.objectContaining({ stage: 'fetch', reason: 'bad shard' })])
    expect(lines.match(/bad shard/g)).toHaveLength(1)
  })
})
