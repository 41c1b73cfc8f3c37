import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Columns,
  type ColumnType,
  describeShard,
  messages,
  type Schema,
  writeRows,
} from '../../src/formats/index.js'
import { DiskError, UsageError } from '../../src/stream/errors.js'
import type { Batches } from '../../src/stream/types.js'
import { errorOf, inBatches, rowsAt, scratch, shardAt } from './shards.js'

const binary = ['parquet', 'arrow', 'arrows']

/** A type with values of it, in the form that reading gives. */
type Typed = { type: ColumnType; value: fc.Arbitrary<unknown> }

// Lone surrogates have no UTF-8; both `null` and nothing are read as null.
const text = fc.string({ unit: 'binary' })
const scalars: Typed[] = [
  { type: 'string', value: text },
  { type: 'binary', value: fc.uint8Array() },
  { type: 'boolean', value: fc.boolean() },
  { type: 'int32', value: fc.integer() },
  {
    type: 'int64',
    value: fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
  },
  { type: 'float', value: fc.float() },
  { type: 'double', value: fc.double() },
  { type: 'timestamp', value: fc.date({ noInvalidDate: true }) },
  {
    type: 'json',
    value: fc
      .jsonValue({ noUnicodeString: false } as never)
      .filter((each) => each !== null)
      .map((each) => JSON.parse(JSON.stringify(each))),
  },
  { type: { vector: 3 }, value: fc.float32Array({ minLength: 3, maxLength: 3 }) },
]

const typed: fc.Arbitrary<Typed> = fc.letrec<{ any: Typed; list: Typed; struct: Typed }>((tie) => ({
  any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constantFrom(...scalars), tie('list'), tie('struct')),
  list: tie('any').map(({ type, value }) => ({
    type: { list: type },
    value: fc.array(fc.option(value), { maxLength: 4 }),
  })),
  struct: fc
    .dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('any'), { minKeys: 1, maxKeys: 3, noNullPrototype: true })
    .map((fields) => ({
      type: { struct: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.type])) },
      value: fc.record(
        Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fc.option(field.value)])),
      ),
    })),
})).any

const table = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,4}$/), typed, { minKeys: 1, maxKeys: 4, noNullPrototype: true })
  .chain((columns) => {
    const schema: Schema = Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]))
    const row = fc.record(
      Object.fromEntries(Object.entries(columns).map(([name, { value }]) => [name, fc.option(value)])),
    )
    return fc.record({ schema: fc.constant(schema), rows: fc.array(row, { maxLength: 20 }) })
  })

describe.each(binary)('writing .%s', (ending) => {
  it('gives back any rows of any types', async () => {
    const path = join(await scratch(), `a.${ending}`)
    await fc.assert(
      fc.asyncProperty(table, async ({ schema, rows }) => {
        const written = await writeRows(path, { schema })(inBatches(rows as Columns[], 3))
        expect(written).toEqual({ rows: rows.length, bytes: (await readFile(path)).length })
        expect(await rowsAt(path)).toEqual(rows)
        expect((await describeShard(await shardAt(path))).schema).toEqual(schema)
      }),
      { numRuns: 100 },
    )
  })

  it('loses no key of a JSON value, whatever it is called', async () => {
    const path = join(await scratch(), `a.${ending}`)
    const value = JSON.parse('{"__proto__":[1],"a":{"__proto__":2,"constructor":3},"toJSON":4}')
    await writeRows(path, { schema: { j: 'json' } })(inBatches([{ j: value }, { j: null }, { j: [value] }], 2))
    expect(JSON.stringify(await rowsAt(path))).toBe(JSON.stringify([{ j: value }, { j: null }, { j: [value] }]))
  })

  it('writes the same bytes however the rows are batched', async () => {
    const folder = await scratch()
    const rows = Array.from({ length: 9000 }, (_, i) => ({
      id: `#${i}`,
      messages: [{ role: 'user', content: `${i}` }],
    }))
    const schema: Schema = { id: 'string', messages }
    const [a, b] = [join(folder, `a.${ending}`), join(folder, `b.${ending}`)]
    await writeRows(a, { schema })(inBatches(rows, 13))
    await writeRows(b, { schema })(inBatches(rows, 5000))
    expect((await readFile(a)).equals(await readFile(b))).toBe(true)
    expect(await rowsAt(a)).toEqual(rows)
  })

  it('finds the schema in the first rows where none is given', async () => {
    const path = join(await scratch(), `a.${ending}`)
    const rows = [
      { text: 'a', n: 1, x: 1, mixed: 1, list: [1, 2.5], turn: { role: 'user' }, none: null, empty: {} },
      { text: null, n: 2, x: 1.5, mixed: 'b', list: [], turn: { role: 'user', content: 'hi' }, none: null, empty: {} },
    ]
    await writeRows(path)(inBatches(rows))
    expect((await describeShard(await shardAt(path))).schema).toEqual({
      text: 'string',
      n: 'int64',
      x: 'double',
      mixed: 'json',
      list: { list: 'double' },
      turn: { struct: { role: 'string', content: 'string' } },
      none: 'string',
      empty: 'json',
    })
    expect(await rowsAt(path)).toEqual([{ ...rows[0], turn: { role: 'user', content: null } }, rows[1]])
  })

  it('keeps the schema of a table without rows', async () => {
    const path = join(await scratch(), `a.${ending}`)
    expect(
      (await writeRows(path, { schema: { a: 'string', m: messages, v: { vector: 3 } } })(inBatches([]))).rows,
    ).toBe(0)
    expect(await rowsAt(path)).toEqual([])
    expect((await describeShard(await shardAt(path))).schema).toEqual({ a: 'string', m: messages, v: { vector: 3 } })
    const error = await errorOf(() => rowsAt(path, { columns: ['b'] }))
    expect(error.message).toMatch(/has no column `b`/)
  })

  it.each([
    ['a text where a number should be', { n: 'five' }, /row 1, column `n`: expected int32, got "five" \(string\)/],
    ['a number that is too large', { n: 2 ** 31 }, /expected int32, got 2147483648/],
    ['a vector of another length', { n: 1, v: [1, 2] }, /column `v`: expected vector<3>, got \[1,2\]/],
    ['a field that the struct lacks', { n: 1, s: { a: 'x', b: 1 } }, /column `s`: expected struct<a: string>/],
  ])('refuses %s, naming row and column, and leaves no file', async (_, row, message) => {
    const folder = await scratch()
    const schema: Schema = { n: 'int32', v: { vector: 3 }, s: { struct: { a: 'string' } } }
    const error = await errorOf(() => writeRows(join(folder, `a.${ending}`), { schema })(inBatches([{ n: 1 }, row])))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(message)
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a column that later rows bring', async () => {
    const path = join(await scratch(), `a.${ending}`)
    const rows: Columns[] = Array.from({ length: 5000 }, () => ({ a: 1 }))
    const error = await errorOf(() => writeRows(path)(inBatches([...rows, { a: 1, b: 2 }])))
    expect(error.message).toMatch(/row 5000 brings a new column `b`/)
  })
})

describe('a writer', () => {
  const endings = [...binary, 'jsonl', 'jsonl.gz']

  it.each(endings)('of .%s leaves the old file alone when its source fails, and closes the source', async (ending) => {
    const folder = await scratch({ [`a.${ending}`]: 'old' })
    async function* failing(): Batches<Columns> {
      yield [{ a: 1 }]
      throw new Error('the source broke')
    }
    expect((await errorOf(() => writeRows(join(folder, `a.${ending}`))(failing()))).message).toBe('the source broke')
    expect(await readdir(folder)).toEqual([`a.${ending}`])
    expect(await readFile(join(folder, `a.${ending}`), 'utf8')).toBe('old')
  })

  it.each(endings)('of .%s says which path cannot be written', async (ending) => {
    const folder = await scratch({ file: '' })
    const error = await errorOf(() => writeRows(join(folder, `file/a.${ending}`))(inBatches([{ a: 1 }])))
    expect(error).toBeInstanceOf(DiskError)
    expect(error.message).toContain(`file/a.${ending}`)
  })

  it('removes its temporary file when a folder is in the way', async () => {
    const folder = await scratch()
    await mkdir(join(folder, 'a.parquet'))
    await writeFile(join(folder, 'a.parquet/x'), '')
    await errorOf(() => writeRows(join(folder, 'a.parquet'))(inBatches([{ a: 1 }])))
    expect(await readdir(folder)).toEqual(['a.parquet'])
  })

  it('makes the folders on the way', async () => {
    const path = join(await scratch(), 'x/y/a.jsonl')
    await writeRows(path)(inBatches([{ a: 1 }]))
    expect(await rowsAt(path)).toEqual([{ a: 1 }])
  })

  it('refuses an ending it does not know, and a format that is only read', () => {
    expect(() => writeRows('a.docx')).toThrow(/Cannot write a\.docx/)
    expect(() => writeRows('a.md')).toThrow(/text is not a format sluice writes/)
  })
})

const built = join(import.meta.dirname, '../../dist/formats/index.js')

// These need a process of their own for stdin and stdout; `npm test` builds it first.
describe.skipIf(!existsSync(built))('stdin and stdout', () => {
  const run = (script: string, input: Uint8Array | string = '') => {
    const source = `import * as f from ${JSON.stringify(built)}
      const rows = async () => { const out = []; for (const s of await f.findShards(['-'])) for await (const b of f.readShard(s)) out.push(...b); return out }
      try { ${script} } catch (error) { console.error(error.name + ': ' + error.message); process.exitCode = error.exitCode ?? 70 }`
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { input })
    return { stdout, stderr: stderr.toString(), status }
  }
  const show = 'console.log(JSON.stringify(await rows()))'

  it('reads JSON Lines, gzipped or not, from stdin', async () => {
    const { gzipSync } = await import('node:zlib')
    for (const input of ['\uFEFF{"a":1}\n{"a":2}', gzipSync('{"a":1}\n{"a":2}\n')]) {
      expect(run(show, input).stdout.toString()).toBe('[{"a":1},{"a":2}]\n')
    }
    expect(run(show, '').stdout.toString()).toBe('[]\n')
  })

  it('reads Arrow, stream and file, from stdin', async () => {
    const fixtures = join(import.meta.dirname, '../../fixtures/shards')
    for (const name of ['both-plain.arrow', 'both-zstd.arrows']) {
      const { stdout, stderr } = run('console.log((await rows()).length)', await readFile(join(fixtures, name)))
      expect(stderr).toBe('')
      expect(stdout.toString()).toBe('21\n')
    }
  })

  it('says that Parquet needs a file, and that it cannot guess', () => {
    const parquet = run(show, 'PAR1xxxx')
    expect(parquet.status).toBe(2)
    expect(parquet.stderr).toMatch(/needs a seekable file/)
    expect(run(show, 'hello there').stderr).toMatch(/Cannot tell from its first bytes/)
  })

  it('writes rows to stdout as JSON Lines and as an Arrow stream', async () => {
    const one = run(`await f.writeRows('-')((async function* () { yield [{ a: 1 }]; yield [{ a: 2 }] })())`)
    expect(one.stdout.toString()).toBe('{"a":1}\n{"a":2}\n')
    const two = run(`await f.writeRows('-', { format: 'arrow' })((async function* () { yield [{ a: 'x' }] })())`)
    const path = join(await scratch({ 'a.arrows': two.stdout }), 'a.arrows')
    expect(await rowsAt(path)).toEqual([{ a: 'x' }])
  })

  it.each(['jsonl', 'arrow', 'parquet'])('ends quietly when nobody reads %s any more', (format) => {
    const script = `import { writeRows } from ${JSON.stringify(built)}
      let pulled = 0; let closed = false
      async function* endless() { try { for (;;) { pulled++; yield Array.from({ length: 1000 }, () => ({ a: Math.random() + 'x'.repeat(500) })) } } finally { closed = true } }
      await writeRows('-', { format: '${format}' })(endless())
      console.error('closed ' + closed)`
    const { stderr, status } = spawnSync('sh', [
      '-c',
      `"$0" --input-type=module -e "$1" | head -c 1000 > /dev/null`,
      process.execPath,
      script,
    ])
    expect(stderr.toString()).toBe('closed true\n')
    expect(status).toBe(0)
  })
})
