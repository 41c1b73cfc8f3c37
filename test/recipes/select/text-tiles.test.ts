import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards, type Schema, writeRows } from '../../../src/formats/index.js'
import { readTexts } from '../../../src/recipes/select/corpus.js'
import { readTextTiles } from '../../../src/recipes/select/text-tiles.js'
import type { Reject } from '../../../src/stream/types.js'
import { columnTexts } from '../../../src/text/column.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tiles-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0
async function shardOf(values: readonly unknown[], schema: Schema = { text: 'string', key: 'string' }) {
  const path = join(folder, `texts-${files++}.parquet`)
  async function* batches(): AsyncGenerator<Columns[]> {
    yield values.map((text, n) => ({ text, key: `key-${n}` }))
  }
  await writeRows(path, { schema, parquet: { pageBytes: 1024 } })(batches())
  return (await findShards([path]))[0]!
}

/** Rows, texts and rejects, as tiles or as rows give them. */
async function read(shard: Awaited<ReturnType<typeof shardOf>>, by: 'tiles' | 'rows', config = { textColumn: 'text' }) {
  const [rows, rejects, asBytes]: [unknown[], Reject[], boolean[]] = [[], [], []]
  const options = { rows: { start: 1, end: 60 }, reading: {}, onReject: (reject: Reject) => void rejects.push(reject) }
  if (by === 'rows') {
    for await (const batch of readTexts(shard, config, options)) {
      rows.push(...batch.map(({ id, row, text }) => ({ id, row, text })))
    }
  } else {
    for await (const tile of readTextTiles(shard, config, options)) {
      asBytes.push('offsets' in tile.texts)
      const texts = 'offsets' in tile.texts ? columnTexts(tile.texts) : tile.texts
      expect(tile.rows).toHaveLength(texts.length)
      rows.push(...tile.rows.map(({ id, row }, n) => ({ id, row, text: texts[n] })))
    }
  }
  return { rows, rejects, asBytes }
}

describe('readTextTiles', () => {
  const nasty = [
    '\u00a0',
    '\ufeff',
    '\u3000 ',
    '\0',
    '\u001f',
    ' \t\r\n\v\f',
    '',
    ' a',
    '学生们',
    '\ufeffa',
    '\u00a0é',
    '\x7f',
  ]

  it('reads of Parquet as bytes the rows that are read as strings, and leaves the same ones out', async () => {
    const value = fc.oneof(fc.constant(null), fc.constantFrom(...nasty), fc.string({ unit: 'grapheme', maxLength: 40 }))
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 70 }), async (values) => {
        const shard = await shardOf(values)
        const { asBytes, ...tiles } = await read(shard, 'tiles')
        const { rows, rejects } = await read(shard, 'rows')
        expect(tiles).toEqual({ rows, rejects })
        expect(asBytes).not.toContain(false)
      }),
      { numRuns: 40 },
    )
  })

  it('reads strings where ids come from a column, or the column is none of texts', async () => {
    const named = await read(await shardOf(['a', 'b', 'c']), 'tiles', { textColumn: 'text', idColumn: 'key' } as never)
    expect(named.rows).toEqual([
      { id: 'key-1', row: 1, text: 'b' },
      { id: 'key-2', row: 2, text: 'c' },
    ])
    expect(named.asBytes).toEqual([false])
    const numbers = await read(await shardOf([1, 2], { text: 'int32', key: 'string' }), 'tiles')
    expect(numbers.rejects.map(({ reason }) => reason)).toEqual(['text is not a string'])
  })
})
