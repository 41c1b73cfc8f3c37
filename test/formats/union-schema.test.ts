import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitter } from '../../src/formats/fit.js'
import { findShards, type Schema, writeRows } from '../../src/formats/index.js'
import { openShards, readShards, schemaOf } from '../../src/formats/shards.js'
import type { ColumnType } from '../../src/formats/types.js'
import { schemaDrift, unionSchemas, widenType } from '../../src/formats/union-schema.js'
import { UsageError } from '../../src/stream/errors.js'
import { collect, errorOf, inBatches, rowsAt, scratch } from './shards.js'

const type: fc.Arbitrary<ColumnType> = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<ColumnType>(
      'string',
      'binary',
      'boolean',
      'int32',
      'int64',
      'float',
      'double',
      'timestamp',
      'json',
    ),
    fc.constantFrom<ColumnType>({ vector: 2 }, { vector: 3 }),
    tie('type').map((list) => ({ list })),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('type'), { minKeys: 1 }).map((struct) => ({ struct })),
  ),
})).type

/** Some value of a type, as a reader would give it. */
function sampleOf(of: ColumnType): unknown {
  if (typeof of === 'object') {
    if ('vector' in of) return new Float32Array(of.vector).fill(0.5)
    if ('list' in of) return [sampleOf(of.list), null]
    return Object.fromEntries(Object.entries(of.struct).map(([name, field]) => [name, sampleOf(field)]))
  }
  const values = {
    string: 'text',
    binary: new Uint8Array([1]),
    boolean: true,
    int32: -5,
    int64: 2 ** 40,
    float: 0.5,
    double: 0.1,
    timestamp: new Date(5),
    json: { any: ['thing'] },
  }
  return values[of]
}

/** A type with the fields of its structs sorted, since their order is that of the files. */
function sorted(of: ColumnType | undefined): unknown {
  if (typeof of !== 'object') return of
  if ('list' in of) return { list: sorted(of.list) }
  if ('vector' in of) return of
  return {
    struct: Object.fromEntries(
      Object.entries(of.struct)
        .map(([name, field]) => [name, sorted(field)])
        .sort(),
    ),
  }
}

describe('widenType', () => {
  it('holds every value of both types, whichever comes first', () => {
    fc.assert(
      fc.property(type, type, (a, b) => {
        const wide = widenType(a, b)
        expect(sorted(widenType(b, a))).toEqual(sorted(wide))
        if (wide === undefined) return
        const fitted = fitter(wide)
        for (const from of [a, b]) {
          expect(() => fitted(sampleOf(from), { path: 'p', column: 'c', row: 0 })).not.toThrow()
          expect(sorted(widenType(wide, from))).toEqual(sorted(wide))
        }
      }),
      { numRuns: 1000 },
    )
  })

  it.each<[ColumnType, ColumnType, ColumnType | undefined]>([
    ['int32', 'int64', 'int64'],
    ['int32', 'float', 'double'],
    ['int64', 'double', 'double'],
    ['string', 'int64', undefined],
    ['string', 'json', 'json'],
    [{ vector: 3 }, { vector: 4 }, { list: 'float' }],
    [{ vector: 3 }, { list: 'double' }, { list: 'double' }],
    [{ struct: { a: 'int32' } }, { struct: { b: 'string', a: 'double' } }, { struct: { a: 'double', b: 'string' } }],
  ])('of %j and %j is %j', (a, b, wide) => {
    expect(widenType(a, b)).toEqual(wide)
  })

  it('keeps a whole number that a double cannot hold from changing unseen', () => {
    const fitted = fitter('double')
    const place = { path: 'p', column: 'c', row: 0 }
    expect(fitted(2n ** 60n, place)).toBe(2 ** 60)
    expect(() => fitted(2n ** 60n + 1n, place)).toThrow(UsageError)
  })
})

describe('unionSchemas', () => {
  const files = (...schemas: Schema[]) => schemas.map((schema, n) => ({ name: `${n}.parquet`, schema }))

  it('names both files and both types where nothing holds the two', () => {
    expect(() => unionSchemas(files({ a: 'int32' }, {}, { a: { list: 'string' } }))).toThrow(
      'Column `a` is int32 in 0.parquet, and list<string> in 2.parquet',
    )
  })

  it('gives a column of nothing but nulls the type it has elsewhere', () => {
    const known = files({ a: 'string', b: 'string' }, { a: 'int64', b: 'string' }, { a: 'string' })
    const [first, second, third] = known as [(typeof known)[0], (typeof known)[0], (typeof known)[0]]
    const nulls = [{ ...first, nulls: ['a'] }, second, { ...third, nulls: ['a'] }]
    expect(unionSchemas(nulls)).toEqual({ a: 'int64', b: 'string' })
    expect(unionSchemas(nulls.slice(0, 1))).toEqual({ a: 'string', b: 'string' })
  })

  it('lists all that differs under the strict policy', () => {
    const given = files({ a: 'int32', b: 'string' }, { a: 'int32', b: 'string' }, { a: 'int64', c: 'json' })
    expect(unionSchemas(given.slice(0, 2), 'strict')).toEqual({ a: 'int32', b: 'string' })
    expect(() => unionSchemas(given, 'strict')).toThrow(
      /2\.parquet: `a` is int64, and int32 in 0\.parquet\n.*`b` is absent/,
    )
    expect(schemaDrift(given)).toEqual([
      { column: 'a', file: '2.parquet', was: 'int32', is: 'int64' },
      { column: 'b', file: '2.parquet', was: 'string', is: 'absent' },
      { column: 'c', file: '2.parquet', was: 'absent', is: 'json' },
    ])
  })
})

describe('shards that differ', () => {
  async function threeShards() {
    const folder = await scratch({ 'c.jsonl': '{"id":"5","n":null,"late":1}\n' })
    const whole = { id: 'string', n: 'int32' } as const
    await writeRows(join(folder, 'a.parquet'), { schema: whole })(
      inBatches([
        { id: '1', n: 1 },
        { id: '2', n: 2 },
      ]),
    )
    const half = { n: 'double', extra: 'boolean' } as const
    await writeRows(join(folder, 'b.arrow'), { schema: half })(inBatches([{ n: 0.5, extra: true }, { n: 4 }]))
    return { folder, shards: await findShards([folder]) }
  }

  it('are written as one file, nulls where a shard lacks a column', async () => {
    const { folder, shards } = await threeShards()
    const opened = await openShards(shards)
    const schema = opened.schema()
    expect(schema).toEqual({ id: 'string', n: 'double', extra: 'boolean', late: 'int64' })
    const path = join(folder, 'all.parquet')
    await writeRows(path, { schema })(opened.read())
    expect(await rowsAt(path)).toEqual([
      { id: '1', n: 1, extra: null, late: null },
      { id: '2', n: 2, extra: null, late: null },
      { id: null, n: 0.5, extra: true, late: null },
      { id: null, n: 4, extra: null, late: null },
      { id: '5', n: null, extra: null, late: 1 },
    ])
    expect(await schemaOf(shards, ['n'])).toEqual({ n: 'double' })
    expect(() => opened.schema('strict')).toThrow(UsageError)
  })

  it('give a range of rows through them all, and the columns that each has', async () => {
    const { shards } = await threeShards()
    const all = await collect(readShards(shards))
    const { read } = await openShards(shards, { columns: ['extra', 'id'] })
    const want = [{ id: '1' }, { id: '2' }, { extra: true }, { extra: null }, { id: '5' }]
    for (let start = 0; start <= 5; start++) {
      for (let end = start; end <= 6; end++) {
        expect(await collect(readShards(shards, { rows: { start, end } }))).toEqual(all.slice(start, end))
        expect(await collect(read({ rows: { start, end } }))).toEqual(want.slice(start, end))
      }
    }
  })

  it('have no column that none of them has', async () => {
    const folder = await scratch({ 'a.csv': 'text\nx\n', 'b.csv': 'texts\ny\n' })
    const error = await errorOf(async () => openShards(await findShards([folder]), { columns: ['txt'] }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.fix).toContain('`text`')
  })
})
