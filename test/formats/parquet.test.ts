import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeShard, writeRows } from '../../src/formats/index.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { errorOf, inBatches, rowsAt, scratch, shardAt } from './shards.js'

const fixtures = join(import.meta.dirname, '../../fixtures/shards')

describe.each(['flat-zstd.parquet', 'nested-pages-2.0.parquet', 'both-zstd.arrow', 'both-plain.arrows'])(
  '%s',
  (name) => {
    it('is corrupt when cut short at any byte', async () => {
      const whole = await readFile(join(fixtures, name))
      const path = join(await scratch(), name)
      // Every length near both ends, where magic, headers and footer lie, and a stride of a prime between.
      for (let length = 0; length < whole.length; length += length < 300 || length > whole.length - 300 ? 1 : 7) {
        await writeFile(path, whole.subarray(0, length))
        const error = await errorOf(() => rowsAt(path))
        expect(error, `${length} bytes: ${error.message}`).toBeInstanceOf(CorruptInputError)
        expect(error.message).toContain(path)
      }
    })
  },
)

describe('reading Parquet', () => {
  it('names file, row group and column of pages that do not decode', async () => {
    const bytes = await readFile(join(fixtures, 'flat-zstd.parquet'))
    const { rowGroups } = await describeShard(await shardAt(join(fixtures, 'flat-zstd.parquet')))
    bytes.fill(0, 40, 40 + rowGroups![0]!.bytes / 4)
    const path = join(await scratch({ 'bad.parquet': bytes }), 'bad.parquet')
    const error = await errorOf(() => rowsAt(path))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(/bad\.parquet: row group 0, column `text`, page at byte \d+: ./)
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('reads columns in the order asked for and suggests the one that was meant', async () => {
    const path = join(fixtures, 'flat-snappy.parquet')
    const [first] = await rowsAt(path, { columns: ['int8', 'text'] })
    expect(Object.entries(first!)).toEqual([
      ['int8', -5],
      ['text', '\uFEFFmark'],
    ])
    const error = await errorOf(() => rowsAt(path, { columns: ['txt'] }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.fix).toMatch(/^Did you mean `text`\? Its columns are: text, large,/)
  })

  it('tells which columns hold nothing but nulls, whose type is a guess', async () => {
    const { columns, schema, nulls } = await describeShard(await shardAt(join(fixtures, 'nulls.parquet')))
    expect(columns).toEqual([
      { name: 'nothing', type: 'null' },
      { name: 'n', type: 'int64' },
    ])
    expect(schema).toEqual({ nothing: 'string', n: 'int64' })
    expect(nulls).toEqual(['nothing'])
  })

  it('describes rows, columns and row groups', async () => {
    const flat = await describeShard(await shardAt(join(fixtures, 'flat-zstd.parquet')))
    expect(flat.rows).toBe(21)
    expect(flat.rowGroups!.map(({ rows, codecs }) => ({ rows, codecs }))).toEqual([
      { rows: 8, codecs: ['ZSTD'] },
      { rows: 8, codecs: ['ZSTD'] },
      { rows: 5, codecs: ['ZSTD'] },
    ])
    const nested = await describeShard(await shardAt(join(fixtures, 'nested-pages-1.0.parquet')))
    expect(nested.columns).toEqual([
      { name: 'messages', type: 'list<struct<role: string, content: string>>' },
      { name: 'maybe', type: 'struct<role: string, content: string>' },
      { name: 'lists', type: 'list<list<int32>>' },
      { name: 'vector', type: 'vector<3>' },
      { name: 'deep', type: 'list<struct<tags: list<string>, at: struct<x: int64>>>' },
    ])
  })

  it('gives at most 1,024 rows at a time', async () => {
    const path = join(await scratch(), 'a.parquet')
    await writeRows(path, { schema: { a: 'int32' } })(inBatches(Array.from({ length: 5000 }, (_, a) => ({ a }))))
    const { readShard } = await import('../../src/formats/index.js')
    const sizes: number[] = []
    for await (const batch of readShard(await shardAt(path))) sizes.push(batch.length)
    expect(sizes).toEqual([1024, 1024, 1024, 1024, 904])
  })

  it('closes its file when the reader stops early', async () => {
    const { readdirSync } = await import('node:fs')
    const { readShard } = await import('../../src/formats/index.js')
    const shard = await shardAt(join(fixtures, 'flat-zstd.parquet'))
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = openFiles()
    for (let i = 0; i < 50; i++) for await (const _ of readShard(shard)) break
    expect(openFiles()).toBeLessThan(before + 10)
  })
})
