import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, describeShard, findShards, readShard, writeRows } from '../../src/formats/index.js'
import { collect } from '../laws.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-names-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function shardOf(name: string, rows: readonly unknown[]) {
  const path = join(folder, name)
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return (await findShards([path]))[0]!
}

describe('columns that are called as what every object has', () => {
  const rows: Columns[] = [
    { a: 1 },
    { a: 2, constructor: 'Ferrari', toString: 7, s: { x: 1 } },
    { a: 3, s: { valueOf: true } },
  ]
  const full = rows.map((row) => ({
    a: row.a,
    constructor: Object.hasOwn(row, 'constructor') ? row.constructor : null,
    toString: Object.hasOwn(row, 'toString') ? row.toString : null,
  }))

  it.each(['parquet', 'arrows'])('go through %s', async (format) => {
    const source = await shardOf('f1.jsonl', rows)
    const { schema } = await describeShard(source, { everyRow: true })
    expect(schema).toMatchObject({ s: { struct: { x: 'int64', valueOf: 'boolean' } } })
    const path = join(folder, `f1.${format}`)
    await writeRows(path, { schema })(readShard(source))
    const read = await collect(readShard((await findShards([path]))[0]!))
    expect(read.map(({ s: _, ...others }) => others)).toEqual(full)
    expect(read.map(({ s }) => s)).toEqual([null, { x: 1, valueOf: null }, { x: null, valueOf: true }])
  })

  it('are empty cells of CSV where a row lacks them', async () => {
    const source = await shardOf('f2.jsonl', [{ a: 1 }, { a: 2, constructor: 'Ferrari', toString: 7 }])
    const { schema } = await describeShard(source, { everyRow: true })
    const path = join(folder, 'f1.csv')
    await writeRows(path, { schema })(readShard(source))
    const read = await collect(readShard((await findShards([path]))[0]!))
    expect(read).toEqual([
      { a: '1', constructor: null, toString: null },
      { a: '2', constructor: 'Ferrari', toString: '7' },
    ])
  })
})

describe('a key `__proto__`', () => {
  it('is refused as the name of a column, with the line', async () => {
    const path = join(folder, 'proto.jsonl')
    await writeFile(path, '{"a": 1}\n{"__proto__": 2, "a": 3}\n')
    await expect(collect(readShard({ path, format: 'jsonl' }))).rejects.toThrow(
      `${path}:2: no column can be called \`__proto__\``,
    )
  })

  it('makes an object JSON, which keeps it', async () => {
    const path = join(folder, 'inner.jsonl')
    await writeFile(path, '{"s": {"__proto__": 2, "x": 1}}\n')
    const { schema } = await describeShard({ path, format: 'jsonl' })
    expect(schema).toEqual({ s: 'json' })
    const out = join(folder, 'inner.parquet')
    await writeRows(out, { schema })(readShard({ path, format: 'jsonl' }))
    const [row] = await collect(readShard({ path: out, format: 'parquet' }))
    expect(JSON.stringify(row)).toBe('{"s":{"__proto__":2,"x":1}}')
  })
})
