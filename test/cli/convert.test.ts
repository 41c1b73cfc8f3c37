import { readFileSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findShards, readShard } from '../../src/formats/index.js'
import { sluice, startSluice } from './sluice.js'
import { jsonLines, parsed, scratch } from './tables.js'

async function rowsIn(path: string): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const batch of readShard((await findShards([path]))[0]!)) rows.push(...batch)
  return rows
}

describe('sluice convert', () => {
  it('keeps a range of rows and some columns, from many shards', async () => {
    const folder = await scratch({ 'a.jsonl': '{"n":0,"t":"a"}\n{"n":1,"t":"b"}\n', 'b.jsonl': '{"n":2,"t":"c"}\n' })
    const out = join(folder, 'out.parquet')
    const { code, stderr } = await sluice([
      'convert',
      join(folder, '*.jsonl'),
      '-o',
      out,
      '--rows',
      '1:3',
      '--columns',
      't',
    ])
    expect({ code, stderr: stderr.replace(/\d+ bytes.*/s, '') }).toEqual({ code: 0, stderr: '2 rows, ' })
    expect(await rowsIn(out)).toEqual([{ t: 'b' }, { t: 'c' }])
  })

  it('goes through every format there is and comes back the same', async () => {
    const rows = [
      { id: '1', text: 'a "quote",\nand ü' },
      { id: '2', text: null },
    ]
    const folder = await scratch({ '0.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') })
    const names = [
      '1.csv',
      '2.parquet',
      '3.json',
      '4.arrow',
      '5.tsv.gz',
      '6.arrows',
      '7.jsonl.zst',
      '8.csv.zst',
      '9.json.gz',
    ]
    let from = join(folder, '0.jsonl')
    for (const name of names) {
      const to = join(folder, name)
      const { code, stderr } = await sluice(['convert', from, '-o', to, '-q'])
      expect({ code, stderr }, name).toEqual({ code: 0, stderr: '' })
      expect(await rowsIn(to), name).toEqual(rows)
      from = to
    }
  }, 60_000)

  it.each([3, 3000])(
    'writes as json, and says so, what row %i has of another type than those before it',
    async (odd) => {
      const lines = Array.from({ length: 4000 }, (_, n) => JSON.stringify({ n: n === odd ? 'n/a' : n, m: n / 2 }))
      const folder = await scratch({ 'a.jsonl': lines.join('\n') })
      const out = join(folder, 'out.parquet')
      const { code, stderr } = await sluice(['convert', join(folder, 'a.jsonl'), '-o', out])
      expect(stderr).toContain(`Column \`n\` is json: a.jsonl#${odd} has string, and what comes before it int64`)
      expect(code).toBe(0)
      const rows = (await rowsIn(out)) as { n: unknown; m: unknown }[]
      expect([rows.length, rows[1], rows[odd]]).toEqual([4000, { n: 1, m: 0.5 }, { n: 'n/a', m: odd / 2 }])
    },
  )

  it('widens the columns of shards that differ, or says how they do', async () => {
    const folder = await scratch({ 'a.jsonl': '{"n":1}\n', 'b.jsonl': '{"n":0.5,"m":"x"}\n' })
    const out = join(folder, 'out.parquet')
    const shards = join(folder, '*.jsonl')
    expect((await sluice(['convert', shards, '-o', out, '-q'])).code).toBe(0)
    expect(await rowsIn(out)).toEqual([
      { n: 1, m: null },
      { n: 0.5, m: 'x' },
    ])
    const strict = await sluice(['convert', shards, '-o', out, '--schema', 'strict'])
    expect(strict.code).toBe(2)
    expect(strict.stderr).toMatch(
      /b\.jsonl: `n` is double, and int64 in a\.jsonl\n.*`m` is string, and absent in a\.jsonl/,
    )
  })

  it('cuts shards by their size, and says how many there are in their names', async () => {
    const folder = await scratch({ 'a.jsonl': jsonLines(40_000) })
    const out = join(folder, 'out')
    const flags = ['--shard-size', '1500kb', '--row-group-size', '200kb', '--codec', 'none', '--metadata', 'note=a=b']
    expect((await sluice(['convert', join(folder, 'a.jsonl'), '-o', out, '-q', ...flags])).code).toBe(0)
    const names = (await readdir(out)).sort()
    expect(names.length).toBeGreaterThan(3)
    expect(names).toEqual(
      names.map((_, i) => `train-${String(i).padStart(5, '0')}-of-${String(names.length).padStart(5, '0')}.parquet`),
    )
    for (const name of names) expect((await stat(join(out, name))).size, name).toBeLessThan(1600 << 10)
    expect((await readFile(join(out, names[0]!))).includes('a=b')).toBe(true)
    const rows = (await Promise.all(names.map((name) => rowsIn(join(out, name))))).flat()
    expect(rows).toEqual(await rowsIn(join(folder, 'a.jsonl')))
  })

  it.each([
    [['--codec', 'snappy'], 'a.jsonl', /--codec is for Parquet alone/],
    [['--metadata', 'a=b'], 'a.csv', /--metadata is for Parquet and Arrow alone/],
    [['--metadata', 'ab'], 'a.parquet', /Expected --metadata to be key=value, got `ab`/],
    [['--level', '40'], 'a.parquet', /Expected a level of zstd from 1 to 22, got 40/],
    [['--shard-size', 'big'], 'a', /--shard-size/],
  ])('refuses %s for %s', async (flags, name, message) => {
    const folder = await scratch({ 'in.jsonl': '{"n":1}\n' })
    const { code, stderr } = await sluice(['convert', join(folder, 'in.jsonl'), '-o', join(folder, name), ...flags])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
  })

  it('writes to stdout, and ends quietly when it is closed', async () => {
    const folder = await scratch({ 'a.jsonl': jsonLines(60_000) })
    for (const to of ['jsonl', 'csv', 'arrow']) {
      const { child, finished } = startSluice(['convert', join(folder, 'a.jsonl'), '-o', '-', '--to', to])
      child.stdout!.once('data', () => child.stdout!.destroy())
      const { code, signal, stderr } = await finished
      expect({ code, signal }, to).toEqual({ code: 0, signal: null })
      expect(stderr, to).not.toMatch(/error|at /)
    }
    const { stdout } = await sluice(['convert', join(folder, 'a.jsonl'), '-o', '-', '--rows', '2', '-q'])
    expect(parsed(stdout)).toHaveLength(2)
  }, 60_000)

  describe.skipIf(process.platform !== 'linux')('while nobody reads what it writes', () => {
    it.each(['jsonl', 'json', 'csv', 'arrow', 'parquet'])('holds little of %s', { timeout: 60_000 }, async (to) => {
      // Eight copies of a line are one row of 8 KB: 80 MB in all, of which a pipe holds 64 KB.
      const line = `${JSON.stringify({ text: 'x'.repeat(8000) })}\n`
      const folder = await scratch({ 'a.jsonl': line.repeat(10_000) })
      const plain = to === 'parquet' ? ['--codec', 'none', '--dictionary', 'off'] : []
      const { child, finished } = startSluice(['convert', join(folder, 'a.jsonl'), '-o', '-', '--to', to, ...plain])
      child.stdout!.removeAllListeners('data').pause()
      const peak = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
      let last = 0
      // Until it takes no more: the peak stands still.
      for (let still = 0; still < 5; ) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        const now = peak()
        still = now === last && now > 40 ? still + 1 : 0
        last = now
      }
      expect(last).toBeLessThan(150)
      child.stdout!.destroy()
      expect((await finished).code).toBe(0)
    })
  })

  it('leaves nothing behind when its input is broken', async () => {
    const folder = await scratch({ 'a.csv': 'a,b\n1,2\n3\n' })
    const { code, stderr } = await sluice(['convert', join(folder, 'a.csv'), '-o', join(folder, 'out.parquet')])
    expect(code).toBe(3)
    expect(stderr).toMatch(/a\.csv:3: 1 fields, and the header has 2/)
    expect(await readFile(join(folder, 'out.parquet')).catch(() => 'absent')).toBe('absent')
  })
})
