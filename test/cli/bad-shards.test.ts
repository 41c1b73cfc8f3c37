import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Columns, findShards, writeRows } from '../../src/formats/index.js'
import { limitFlag, limitTable } from '../../src/formats/limits.js'
import { readShards } from '../../src/formats/shards.js'
import { curate } from '../../src/recipes/curate.js'
import { total } from '../../src/run/tally.js'
import { collect } from '../laws.js'
import { paragraph } from '../prose.js'
import { sluice } from './sluice.js'
import { parsed, scratch } from './tables.js'

const rowsOfA = 3000

/** A folder of four shards: a good one, one whose pages are broken from the middle on, two that are no Parquet at all. */
async function corpus(): Promise<string> {
  const folder = await scratch({ 'c.parquet': 'this is no Parquet file', 'd.parquet': '' })
  const rows = Array.from({ length: rowsOfA }, (_, n) => ({ n, text: paragraph(`${n}`) }))
  const inBatches = async function* (from: number, to: number) {
    for (let at = from; at < to; at += 500) yield rows.slice(at, Math.min(to, at + 500))
  }
  await writeRows(join(folder, 'a.parquet'))(inBatches(0, rowsOfA))
  await writeRows(join(folder, 'b.parquet'), { schema: { n: 'int32', text: 'string' } })(inBatches(0, 100))
  const bytes = readFileSync(join(folder, 'a.parquet'))
  bytes[Math.floor(bytes.length * 0.8)]! ^= 1
  await writeFile(join(folder, 'a.parquet'), bytes)
  return folder
}

describe('a shard that does not decode', () => {
  it('ends a conversion with exit code 3', async () => {
    const folder = await corpus()
    const { code, stderr } = await sluice(['convert', folder, '-o', join(folder, 'out', 'all.jsonl')])
    expect(code).toBe(3)
    expect(stderr).toMatch(/error E_CORRUPT_INPUT: .*[acd]\.parquet/)
  })

  it('is left out where it breaks, counted and named, with --on-bad-shard skip', async () => {
    const folder = await corpus()
    const out = join(folder, 'out', 'all.jsonl')
    const { code, stdout, stderr } = await sluice(['convert', folder, '-o', out, '--on-bad-shard', 'skip', '--json'])
    expect(code).toBe(0)
    const { rows, skipped } = JSON.parse(stdout)
    expect(skipped.map(({ path }: { path: string }) => path)).toEqual(
      ['c', 'd', 'a'].map((name) => join(folder, `${name}.parquet`)),
    )
    const ofA = skipped[2].row
    expect(ofA).toBeGreaterThan(0)
    expect(ofA).toBeLessThan(rowsOfA)
    expect(rows).toBe(ofA + 100)
    expect(stderr).toContain(`left out from row ${ofA} on: ${folder}/a.parquet: row group 0, column \`text\``)
    expect(stderr).toContain('3 shards left out.')
    const read = await collect(readShards(await findShards([out])))
    expect(read.map(({ n }) => n)).toEqual([...Array(ofA).keys(), ...Array(100).keys()])
  })

  it('is left out by head and stats too', async () => {
    const folder = await corpus()
    const head = await sluice(['head', folder, '-n', '2900:3002', '--on-bad-shard', 'skip'])
    expect(head.code).toBe(0)
    expect(parsed(head.stdout)).toMatchObject([{ n: 0 }, { n: 1 }])
    expect(head.stderr).toContain('3 shards left out.')
    const stats = await sluice(['stats', folder, '--full', '--json', '--on-bad-shard', 'skip'])
    expect(stats.code).toBe(0)
    const told = JSON.parse(stats.stdout)
    expect(told.shards.map(({ name }: { name: string }) => name)).toEqual(['a.parquet', 'b.parquet'])
    expect(told.skipped.map(({ row }: { row: number }) => row > 0)).toEqual([true, false, false])
    expect(told.rows).toBe(told.skipped[0].row + 100)
    expect((await sluice(['stats', folder])).code).toBe(3)
  })

  it('ends a conversion where no shard is left', async () => {
    const folder = await scratch({ 'c.parquet': 'this is no Parquet file' })
    const { code } = await sluice(['convert', folder, '-o', join(folder, 'out.jsonl'), '--on-bad-shard', 'skip'])
    expect(code).toBe(3)
  })
})

describe('a run over shards of which some do not decode', () => {
  const config = { select: 40, seed: 7, onBadShard: 'skip' }
  const lostRows = async (out: string): Promise<Columns[]> =>
    collect(readShards(await findShards([join(out, 'rejects.parquet')])))

  it('stops at the first, unless told to skip', async () => {
    const folder = await corpus()
    const run = curate({ recipe: 'select', inputs: [folder], out: join(folder, '../fail'), config: { select: 40 } })
    await expect(run).rejects.toMatchObject({ exitCode: 3 })
  })

  it('counts and lists what it leaves out, and says so in the card', async () => {
    const folder = await corpus()
    const out = `${await scratch()}/run`
    const { tally } = await curate({ recipe: 'select', inputs: [folder], out, config })
    expect(tally.in).toBe(rowsOfA + 100)
    expect(tally.out).toBe(40)
    expect(tally.in).toBe(tally.out + total(tally.rejected))
    const lost = await lostRows(out)
    expect(lost.map(({ id, rows }) => ({ id, rows }))).toEqual([
      { id: expect.stringMatching(/^a\.parquet#\d+$/), rows: tally.rejected['read: bad shard'] },
      { id: 'c.parquet#0', rows: 0 },
      { id: 'd.parquet#0', rows: 0 },
    ])
    const card = readFileSync(join(out, 'README.md'), 'utf8')
    expect(card).toMatch(/- a\.parquet#\d+ and the \d+ rows behind it: a\.parquet: row group 0, column `text`/)
    expect(card).toMatch(/- c\.parquet#0 and what follows it: c\.parquet: /)
    expect(card).not.toContain(folder)
  })

  it.each(['exact', 'minhash', 'semantic', 'rouge'])(
    'is without duplicates by %s what could be read of it',
    async (by) => {
      const folder = await corpus()
      const out = `${await scratch()}/run`
      const { tally } = await curate({ recipe: 'dedup', inputs: [folder], out, config: { by, onBadShard: 'skip' } })
      expect(tally.in).toBe(rowsOfA + 100)
      expect(tally.in).toBe(tally.out + total(tally.rejected))
      const ofA = rowsOfA - tally.rejected['read: bad shard']!
      const lost = await lostRows(out)
      expect(lost.filter(({ reason }) => reason === 'bad shard').map(({ id }) => id)).toEqual([
        `a.parquet#${ofA}`,
        'c.parquet#0',
        'd.parquet#0',
      ])
      if (by === 'semantic' || by === 'rouge') return
      // The texts of the second shard are those that the first begins with.
      expect(tally.rejected[`dedup: ${by === 'exact' ? 'exact' : 'near'} duplicate`]).toBeGreaterThanOrEqual(100)
      const copies = lost.filter(({ id, score }) => String(id).startsWith('b.parquet') && score === 1)
      expect(copies.map((row) => String(row.duplicate_of).replace('a.', 'b.'))).toEqual(copies.map(({ id }) => id))
      expect(copies.length).toBeGreaterThan(50)
    },
  )

  it('stops deduplicating at the first, unless told to skip', async () => {
    const run = curate({ recipe: 'dedup', inputs: [await corpus()], out: `${await scratch()}/run` })
    await expect(run).rejects.toMatchObject({ exitCode: 3 })
  })

  it('gives the same bytes when it was stopped in between', async () => {
    const folder = await corpus()
    const [whole, stopped] = [`${await scratch()}/run`, `${await scratch()}/run`]
    await curate({ recipe: 'select', inputs: [folder], out: whole, config })
    const stop = new AbortController()
    let tasks = 0
    const first = curate({
      ...{ recipe: 'select', inputs: [folder], out: stopped, config, signal: stop.signal },
      onEvent: ({ kind }) => {
        if (kind === 'task' && ++tasks === 3) stop.abort(new Error('enough'))
      },
    })
    await expect(first).rejects.toThrow('enough')
    await curate({ recipe: 'select', inputs: [folder], out: stopped, config })
    for (const file of ['data/train-00000-of-00001.parquet', 'rejects.parquet', 'README.md']) {
      expect(readFileSync(join(stopped, file)).equals(readFileSync(join(whole, file))), file).toBe(true)
    }
  })

  it('is another run where the limits are others, since they decide what is left out', async () => {
    const folder = await corpus()
    const out = `${await scratch()}/run`
    await curate({ recipe: 'select', inputs: [folder], out, config })
    const machine = { reading: { limits: { pageBytes: 2 ** 20 } } }
    await expect(curate({ recipe: 'select', inputs: [folder], out, config, machine })).rejects.toMatchObject({
      exitCode: 7,
    })
  })
})

describe('--limit-* flags', () => {
  it('are told by the error of a file that is above one, and let it in', async () => {
    const folder = await scratch()
    await writeRows(join(folder, 'a.parquet'))(rows())
    const refused = await sluice(['head', folder, '--limit-page-bytes', '1kb', '--columns', 'text'])
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('above the limit of 1024')
    expect(refused.stderr).toContain('raise the limit `pageBytes`: --limit-page-bytes.')
    expect((await sluice(['head', folder, '--limit-page-bytes', '1mb'])).code).toBe(0)
    expect((await sluice(['stats', folder, '--full', '--limit-group-rows', '4'])).code).toBe(3)
    const out = join(folder, 'out.jsonl')
    expect((await sluice(['convert', folder, '-o', out, '--limit-columns', '1'])).code).toBe(3)
    const select = await sluice([
      'select',
      join(folder, '*.parquet'),
      '-o',
      join(folder, 'run'),
      '--limit-columns',
      '1',
    ])
    expect(select.code, select.stderr).toBe(3)
    expect((await sluice(['head', folder, '--limit-page-bytes', '1tb'])).code).toBe(2)

    async function* rows() {
      yield [{ n: 1, text: paragraph('one') }, ...Array.from({ length: 9 }, (_, n) => ({ n, text: paragraph(`${n}`) }))]
    }
  })

  it('are one for each limit, listed with unit and default', async () => {
    const { stdout } = await sluice(['head', '--help'])
    const flags = Object.keys(limitTable).map((name) => limitFlag(name as keyof typeof limitTable))
    const told = stdout.replaceAll(/\s+/g, ' ')
    for (const flag of flags) expect(told).toMatch(new RegExp(`${flag} <(n|value)> most [^(]+\\(default: \\d+(mb)?\\)`))
    expect(flags).toHaveLength(14)
  })
})
