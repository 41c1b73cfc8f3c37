import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards, writeRows } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { type Curated, curate } from '../../src/recipes/curate.js'
import { total } from '../../src/run/tally.js'
import type { RunEvent } from '../../src/run/types.js'
import { collect } from '../laws.js'
import { paragraph, writeProseShards } from '../prose.js'

let folder: string
let shards: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-select-'))
  shards = await writeProseShards(join(folder, 'corpus'), 4, 120)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let runs = 0
async function select(
  inputs: readonly string[],
  config: Record<string, unknown> = {},
): Promise<Curated & { bytes: Buffer; rows: Columns[] }> {
  const out = join(folder, `run-${runs++}`)
  const curated = await curate({ recipe: 'select', inputs, out, config: { select: 40, seed: 7, ...config } })
  const data = await findShards([join(out, 'data')])
  const bytes = await readFile(join(out, 'data', 'train-00000-of-00001.parquet'))
  return { ...curated, bytes, rows: await collect(readShards(data)) }
}

describe('a selection', () => {
  it('chooses as many rows as asked, each once, and accounts for every other', async () => {
    const { rows, tally } = await select(shards, { keep: 'light' })
    expect(rows).toHaveLength(40)
    expect(new Set(rows.map((row) => row.sluice_id)).size).toBe(40)
    expect(tally.in).toBe(480)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    expect(tally.rejected['select: fewer than 200 characters']).toBeGreaterThanOrEqual(68)
    for (const { sluice_id, text } of rows) {
      const [, shard, row] = /^shard-(\d)\.jsonl#(\d+)$/.exec(String(sluice_id))!
      expect(text).toBe(paragraph(`${shard}-${row}`))
    }
  })

  it('gives the same bytes whatever the order in which shards arrive', async () => {
    const { bytes } = await select(shards)
    expect((await select([...shards].reverse())).bytes.equals(bytes)).toBe(true)
    expect((await select([join(folder, 'corpus')])).bytes.equals(bytes)).toBe(true)
    expect((await select([join(folder, 'corpus', '*.jsonl')])).bytes.equals(bytes)).toBe(true)
  })

  it.each(['quota', 'k-center', 'prototypes', 'random', 'length'])(
    'by %s with ids of their own gives the same bytes however the rows lie in shards',
    async (by) => {
      const rows = Array.from({ length: 420 }, (_, n) => ({
        key: `doc-${(n * 37) % 420}`,
        text: paragraph(`spread-${(n * 37) % 420}`),
      }))
      const inFiles = async (files: number, reversed: boolean) => {
        const dealt = reversed ? rows.toReversed() : rows
        const names = await Promise.all(
          Array.from({ length: files }, async (_, file) => {
            const name = join(folder, `spread-${by}-${files}-${file}.jsonl`)
            const lines = dealt
              .filter((_, n) => Math.floor((n * files) / 420) === file)
              .map((row) => JSON.stringify(row))
            await writeFile(name, lines.join('\n'))
            return name
          }),
        )
        return select(names, { by, idColumn: 'key', select: 30, coresetRows: 150 })
      }
      const one = await inFiles(1, false)
      const ids = one.rows.map(({ sluice_id }) => String(sluice_id))
      expect(ids).toHaveLength(30)
      expect(ids).toEqual(ids.toSorted())
      expect((await inFiles(2, true)).bytes.equals(one.bytes)).toBe(true)
      expect((await inFiles(7, false)).bytes.equals(one.bytes)).toBe(true)
    },
  )

  it('goes over all rows for an exact step only where the coreset is not all of them', async () => {
    const passes = async (coresetRows: number) => {
      const out = join(folder, `polished-${coresetRows}`)
      await curate({ recipe: 'select', inputs: shards, out, config: { select: 40, coresetRows } })
      return readdir(join(out, '.sluice', 'artifacts'))
    }
    expect(await passes(479)).toContain('polish')
    expect(await passes(480)).not.toContain('polish')
  })

  it('depends on the seed', async () => {
    const ids = async (seed: number) => (await select(shards, { seed })).rows.map((row) => row.sluice_id)
    expect(await ids(1)).not.toEqual(await ids(2))
  })

  it('finds every one of twelve planted subjects, however rare', async () => {
    const subjects = [
      'Bakers knead bread dough and let the yeast rise in a warm kitchen.',
      'The rocket engine burns liquid oxygen while it climbs to orbit.',
      'Lawyers argue a contract clause before the appeal court.',
      'A goalkeeper saves the penalty in the last minute of the football match.',
      'Surgeons operate on the heart of a patient in the hospital.',
      'The database server replicates each transaction to a second disk.',
      'Violins and cellos tune before the orchestra plays the symphony.',
      'Farmers harvest wheat and maize when the rain stays away.',
      'Miners drill for copper ore deep under the mountain.',
      'Painters mix oil colours on a canvas in the studio.',
      'Sailors hoist the sail and steer the boat through the storm.',
      '学生们在大学里学习中国的历史和文化。',
    ]
    const planted = join(folder, 'planted.jsonl')
    const rows = subjects.flatMap((text, subject) =>
      Array.from({ length: Math.ceil(400 / (subject + 1) ** 2) }, () => JSON.stringify({ text, subject })),
    )
    await writeFile(planted, rows.join('\n'))
    const found = async (config: Record<string, unknown>) =>
      new Set((await select([planted], { select: 24, ...config })).rows.map(({ subject }) => subject)).size
    expect(await found({ clusters: 12, alpha: 0 })).toBe(12)
    // A selection without clusters is a random sample, and misses the rare ones.
    expect(await found({ clusters: 1 })).toBeLessThan(10)
  })

  it('keeps every column as it was, of every type', async () => {
    const typed = join(folder, 'typed.parquet')
    const rows = Array.from({ length: 30 }, (_, n) => ({
      text: paragraph(`typed-${n}`),
      n,
      big: 2n ** 60n + BigInt(n),
      tags: [`a${n}`, 'b'],
      meta: { source: `s${n}`, score: n / 7 },
      when: new Date(1_700_000_000_000 + n),
      missing: n % 2 === 0 ? null : 'here',
    }))
    async function* batches() {
      yield rows
    }
    await writeRows(typed)(batches())
    const chosen = (await select([typed], { select: 12 })).rows
    expect(chosen).toHaveLength(12)
    for (const { sluice_id, sluice_cluster, sluice_distance, ...columns } of chosen) {
      expect(columns).toEqual(rows[Number(String(sluice_id).split('#')[1])])
      expect(sluice_cluster).toBeTypeOf('number')
      expect(sluice_distance).toBeGreaterThanOrEqual(0)
    }
  })

  it('takes ids from a column, and refuses ones that are not unique', async () => {
    const named = join(folder, 'named.jsonl')
    const rows = Array.from({ length: 20 }, (_, n) =>
      JSON.stringify({ key: `doc-${n}`, text: paragraph(`named-${n}`) }),
    )
    await writeFile(named, rows.join('\n'))
    const { rows: chosen } = await select([named], { select: 5, idColumn: 'key' })
    for (const row of chosen) expect(row.sluice_id).toBe(row.key)
    await writeFile(named, rows.map((row) => row.replace(/doc-\d+/, 'doc-0')).join('\n'))
    await expect(select([named], { select: 20, idColumn: 'key' })).rejects.toThrow(
      '"doc-0" of column `key` belongs to more',
    )
  })

  it('tells of ids that are not unique before all is embedded', async () => {
    const named = join(folder, 'named-twice.jsonl')
    const rows = Array.from({ length: 20 }, (_, n) => ({ key: `doc-${n % 15}`, text: paragraph(`twice-${n}`) }))
    await writeFile(named, rows.map((row) => JSON.stringify(row)).join('\n'))
    const told: string[] = []
    const onEvent = (event: RunEvent) => {
      if (event.kind === 'warning') told.push(`${event.pass}: ${event.text}`)
    }
    const out = join(folder, 'named-twice')
    await curate({ recipe: 'select', inputs: [named], out, config: { idColumn: 'key', select: 1 }, onEvent })
    expect(told).toEqual([
      expect.stringMatching(/^pilot: the id "doc-[0-4]" of column `key` belongs to more than one row, .* --id-column/),
    ])
  })

  it('gives all rows when asked for more than there are, and none when none is kept', async () => {
    expect((await select([shards[0]!], { select: 5000 })).rows).toHaveLength(120)
    const none = await select([shards[0]!], { keep: 'strict' })
    expect(none.rows).toEqual([])
    expect(none.tally.out).toBe(0)
    expect(total(none.tally.rejected)).toBe(120)
  })

  it('counts rows whose text is missing, empty or no text', async () => {
    const odd = join(folder, 'odd.jsonl')
    await writeFile(odd, ['{"text":null}', '{"text":"  "}', '{"text":5}', '{}', '{"text":"A fine text."}'].join('\n'))
    const { rows, tally } = await select([odd])
    expect(rows.map(({ text }) => text)).toEqual(['A fine text.'])
    expect(tally.rejected).toMatchObject({ 'read: no text': 2, 'read: empty text': 1, 'read: text is not a string': 1 })
  })
})
