import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Columns, describeShard, writeRows } from '../../src/formats/index.js'
import { mixedNotes } from '../../src/formats/mixed-columns.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { errorOf, inBatches, rowsAt, scratch, shardAt } from './shards.js'

async function shardOf(rows: readonly Columns[]) {
  const path = join(await scratch(), 'a.jsonl')
  await writeRows(path)(inBatches(rows, 1000))
  return shardAt(path)
}

/** Rows of more batches than one, each with what `own` says of it. */
const many = (own: (n: number) => Columns) => Array.from({ length: 3000 }, (_, n) => ({ text: `row ${n}`, ...own(n) }))

describe('a description of every row', () => {
  it('has the columns of late rows, and types that hold what they hold', async () => {
    const shard = await shardOf(
      many((n) => ({
        ...(n > 2500 && { late: true }),
        count: n < 2000 ? n : n / 2,
        tags: n < 2000 ? [] : [{ name: 'a' }],
        turn: n < 2000 ? { role: 'user' } : { role: 'user', name: 'Ida' },
        rare: n < 2000 ? null : 7,
      })),
    )
    expect((await describeShard(shard)).schema).not.toHaveProperty('late')
    expect(await describeShard(shard, { everyRow: true })).toMatchObject({
      schema: {
        text: 'string',
        count: 'double',
        tags: { list: { struct: { name: 'string' } } },
        turn: { struct: { role: 'string', name: 'string' } },
        rare: 'int64',
        late: 'boolean',
      },
    })
  })

  it('takes a column for json where only that holds all rows, and says which row is the first to differ', async () => {
    const shard = await shardOf(many((n) => ({ odd: n < 2000 ? 'one' : { two: 2 } })))
    const { schema, mixed } = await describeShard(shard, { everyRow: true })
    expect(schema).toEqual({ text: 'string', odd: 'json' })
    expect(mixed).toEqual([{ column: 'odd', within: '', row: 2000, was: 'string', is: 'struct<two: int64>' }])
  })

  it('says where within a column rows disagree, once each', async () => {
    const shard = await shardOf(
      many((n) => ({
        meta: { score: n === 1500 || n === 1600 ? 'high' : 1.5, source: { page: n === 2000 ? [1] : 7 } },
        turns: [{ role: 'user', parts: n < 1200 ? ['a'] : ['a', 5] }],
        labels: n === 2500 ? [1, 'two'] : [1, 2],
      })),
    )
    const { schema, mixed } = await describeShard(shard, { everyRow: true })
    expect(schema).toEqual({
      text: 'string',
      meta: { struct: { score: 'json', source: { struct: { page: 'json' } } } },
      turns: { list: { struct: { role: 'string', parts: { list: 'json' } } } },
      labels: { list: 'json' },
    })
    expect(mixed).toEqual([
      { column: 'turns', within: '[].parts[]', row: 1200, was: 'string', is: 'int64' },
      { column: 'meta', within: '.score', row: 1500, was: 'double', is: 'string' },
      { column: 'meta', within: '.source.page', row: 2000, was: 'int64', is: 'list<int64>' },
      { column: 'labels', within: '[]', row: 2500, was: 'int64', is: 'string' },
    ])
    expect(mixedNotes('a.jsonl', mixed!)[0]).toBe(
      'Field `turns[].parts[]` is json: a.jsonl#1200 has int64, and what comes before it string; mend that row to keep one type',
    )
  })

  it('tells of so many disagreements and counts the others', () => {
    const mixed = Array.from({ length: 50 }, (_, n) => ({ column: `c${n}`, within: '', row: 1, was: 'a', is: 'b' }))
    const notes = mixedNotes('a.jsonl', mixed)
    expect(notes).toHaveLength(21)
    expect(notes.at(-1)).toBe('30 more columns or fields of a.jsonl are json, as their values disagree')
  })

  it('tells nothing of what is within a column that is json as a whole', async () => {
    const shard = await shardOf(many((n) => ({ counts: { [`word ${n}`]: [n, 'x'] } })))
    const { mixed } = await describeShard(shard, { everyRow: true })
    expect(mixed).toEqual([{ column: 'counts', within: '', row: 1000, was: '1000 fields', is: 'still others' }])
  })

  it('tells nothing of what is within a field that is json as a whole', async () => {
    const shard = await shardOf(many((n) => ({ a: { b: { [`word ${n}`]: [n, 'x'] }, c: n === 2000 ? 'x' : 1 } })))
    const { mixed } = await describeShard(shard, { everyRow: true })
    expect(mixed).toMatchObject([
      { column: 'a', within: '.b', row: 1000, was: '1000 fields' },
      { column: 'a', within: '.c', row: 2000 },
    ])
  })

  it('takes objects of ever new fields for json, and none of them is lost', async () => {
    const rows = many((n) => ({ counts: { [`word ${n}`]: n } }))
    const shard = await shardOf(rows)
    const { schema, mixed } = await describeShard(shard, { everyRow: true })
    expect(schema).toEqual({ text: 'string', counts: 'json' })
    expect(mixed).toEqual([{ column: 'counts', within: '', row: 1000, was: '1000 fields', is: 'still others' }])
    const path = join(await scratch(), 'a.parquet')
    await writeRows(path, { schema: schema! })(inBatches(rows))
    expect((await rowsAt(path)).at(-1)).toEqual(rows.at(-1))
  })

  it('refuses rows of ever new columns before they fill the memory', async () => {
    const shard = await shardOf(many((n) => ({ [`column ${n}`]: n })))
    const error = await errorOf(() => describeShard(shard, { everyRow: true, limits: { columns: 2000 } }))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toContain('its rows have more than 2000 columns')
    expect(error.fix).toContain('--limit-columns')
    expect((await describeShard(shard, { everyRow: true })).columns).toHaveLength(3001)
  })
})
