import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeRows } from '../../src/formats/index.js'
import { sluice } from './sluice.js'
import { scratch } from './tables.js'

async function corpus(): Promise<string> {
  const folder = await scratch({ 'a.jsonl': '{"text":"","tags":["x"]}\n{"text":null}\n{"text":"seven c"}\n' })
  await writeRows(join(folder, 'b.parquet'), { schema: { text: 'string', n: 'int32' } })(
    (async function* () {
      yield [{ text: 'x', n: 1 }, { text: 'xyz' }]
    })(),
  )
  return folder
}

describe('sluice stats', () => {
  it('reads no rows unless asked to', async () => {
    const { code, stdout, stderr } = await sluice(['stats', await corpus()])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +\? .* jsonl +a\.jsonl$/m)
    expect(stdout).toMatch(/^ +2 .* ZSTD +b\.parquet$/m)
    expect(stderr).toMatch(/--full/)
  })

  it('tells what each column of a Parquet file takes', async () => {
    const folder = await corpus()
    const { stdout } = await sluice(['stats', join(folder, 'b.parquet'), '--json'])
    const { shards } = JSON.parse(stdout)
    const { text, n } = shards[0].columnBytes
    expect(text + n).toBe(shards[0].rowGroups[0].bytes)
    const shown = await sluice(['stats', folder])
    expect(shown.stdout).toMatch(new RegExp(`^text +string +${text} bytes$`, 'm'))
    expect(shown.stdout).toMatch(/^tags +list<string>$/m)
  })

  it('counts rows, nulls and lengths with --full', async () => {
    const folder = await corpus()
    const { stdout } = await sluice(['stats', folder, '--full', '--json'])
    const { rows, columns, shards } = JSON.parse(stdout)
    expect(rows).toBe(5)
    expect(shards.map((shard: { rows: number }) => shard.rows)).toEqual([3, 2])
    expect(columns.n).toEqual({ nulls: 4 })
    expect(columns.tags).toEqual({
      nulls: 4,
      lengths: { min: 1, max: 1, mean: 1, histogram: [{ from: 1, to: 1, count: 1 }] },
    })
    expect(columns.text).toEqual({
      nulls: 1,
      lengths: {
        min: 0,
        max: 7,
        mean: 2.75,
        histogram: [
          { from: 0, to: 0, count: 1 },
          { from: 1, to: 1, count: 1 },
          { from: 2, to: 3, count: 1 },
          { from: 4, to: 7, count: 1 },
        ],
      },
    })
    const shown = await sluice(['stats', folder, '--full'])
    expect(shown.stdout).toMatch(/^text +string +[0-9]+ bytes nulls 1 +lengths 0 to 7, mean 3 +████$/m)
    expect(shown.stdout).toMatch(/^ +5 .*2 shards$/m)
  })

  it('lets no control character of a file reach the terminal', async () => {
    const folder = await scratch({ 'a.csv': 'a\u001b[31mb,c\n1,2\n' })
    const { stdout } = await sluice(['stats', join(folder, 'a.csv')])
    expect(stdout).toContain('a�[31mb')
    expect(stdout).not.toContain('\u001b')
  })
})
