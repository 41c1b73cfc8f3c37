import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRecords } from '../../src/formats/csv.js'
import { csvParser } from '../../src/formats/csv-parser.js'
import { describeShard, writeRows } from '../../src/formats/index.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { collect, errorOf, inBatches, rowsAt, scratch } from './shards.js'

const tricky = '\ufeffid,"text, all",n\r\n1,"say ""hi""\r\nthere",\r\n2,"",x"y\n\n3,漢🙂é,""""\r4,"a\n\n""",z'
const trickyRows = [
  { id: '1', 'text, all': 'say "hi"\r\nthere', n: null },
  { id: '2', 'text, all': '', n: 'x"y' },
  { id: '3', 'text, all': '漢🙂é', n: '"' },
  { id: '4', 'text, all': 'a\n\n"', n: 'z' },
]

describe('reading CSV', () => {
  it('reads quotes, newlines inside them, CRLF, a byte order mark and a last line without end', async () => {
    const folder = await scratch({ 'a.csv': tricky, 'a.csv.gz': gzipSync(tricky) })
    expect(await rowsAt(join(folder, 'a.csv'))).toEqual(trickyRows)
    expect(await rowsAt(join(folder, 'a.csv.gz'))).toEqual(trickyRows)
    expect(await rowsAt(join(folder, 'a.csv'), { columns: ['n'], rows: { start: 1, end: 3 } })).toEqual([
      { n: 'x"y' },
      { n: '"' },
    ])
  })

  it('cuts the same records whatever byte a block ends at', async () => {
    const path = join(await scratch({ 'a.csv': tricky }), 'a.csv')
    const want = await collect(readRecords(path))
    expect(want.map((record) => record.line)).toEqual([1, 2, 4, 6, 7])
    for (let size = 1; size < Buffer.byteLength(tricky); size++) {
      expect(await collect(readRecords(path, size)), `blocks of ${size}`).toEqual(want)
    }
  })

  it('cuts any bytes in one way only, or says what is wrong', () => {
    const part = fc.constantFrom('"', '""', ',', '\n', '\r', '\r\n', 'a', 'é', ' ')
    const parse = (blocks: readonly Uint8Array[]) => {
      const parser = csvParser(0x2c)
      try {
        return [...blocks.flatMap((block) => parser.push(block)), ...parser.end()]
      } catch (error) {
        return `${(error as { line: number }).line}: ${(error as Error).message}`
      }
    }
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.nat(40), fc.nat(40), (parts, a, b) => {
        const bytes = Buffer.from(parts.join(''))
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(parse([bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)])).toEqual(parse([bytes]))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['a;b\n1,5;2\n', { a: '1,5', b: '2' }],
    ['a\tb\n1\t"2\t3"\n', { a: '1', b: '2\t3' }],
    ['a|b\n1|2', { a: '1', b: '2' }],
    ['"a,b";c\n1;2', { 'a,b': '1', c: '2' }],
    ['a\n1', { a: '1' }],
  ])('tells the delimiter of %j', async (content, row) => {
    expect(await rowsAt(join(await scratch({ 'a.csv': content }), 'a.csv'))).toEqual([row])
  })

  it.each([
    ['a row of too few fields', 'a,b\n1,2\n\n3\n', /a\.csv:4: 1 fields, and the header has 2/],
    ['a row of too many, after a quoted newline', 'a,b\n"x\ny",2\n3,4,5\n', /a\.csv:4: 3 fields/],
    ['a quote left open', 'a,b\n1,2\n3,"4\n5,6\n', /a\.csv:3: a quoted field .* has no end/],
    ['text after a quoted field', 'a,b\n1,"2"x\n', /a\.csv:2: `x` after the end of a quoted field/],
    ['a header that names a column twice', 'a,a\n1,2\n', /names `a` twice/],
    ['bytes that are no UTF-8', Buffer.from([0x61, 10, 0xff, 10]), /a\.csv:2: not UTF-8/],
    ['a gzip file cut short', gzipSync('a,b\n'.repeat(999)).subarray(0, 20), /cannot gunzip/],
  ])('refuses %s', async (_, content, message) => {
    const error = await errorOf(async () => rowsAt(join(await scratch({ 'a.csv': content }), 'a.csv')))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(message)
  })

  it('suggests the column that was meant, and describes the columns', async () => {
    const path = join(await scratch({ 'a.csv': 'text,,n\nx,1,2\n', 'none.csv': '' }), 'a.csv')
    expect((await errorOf(() => rowsAt(path, { columns: ['txt'] }))).fix).toContain('`text`')
    const { schema } = await describeShard({ path, format: 'csv' })
    expect(schema).toEqual({ text: 'string', column_2: 'string', n: 'string' })
    expect(await rowsAt(path.replace('a.csv', 'none.csv'))).toEqual([])
  })
})

describe('writing CSV', () => {
  const cell = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\t', '\n', '\r', ' ', 'é', '\ufeff', '=') }))

  it.each(['a.csv', 'a.tsv', 'a.csv.gz', 'a.csv.zst'])('%s gives back any texts and nulls', async (name) => {
    const path = join(await scratch(), name)
    const rows = fc.array(fc.record({ id: cell, 'x,"y"': cell }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        await writeRows(path)(inBatches(given, 3))
        expect(await rowsAt(path)).toEqual(given)
      }),
      { numRuns: 60 },
    )
  })

  it('spells values that are no text, and keeps to the columns of a schema', async () => {
    const path = join(await scratch(), 'a.csv')
    const row = { n: 1.5, b: true, l: [1, 'x'], d: new Date(5), big: 2n ** 60n, bytes: new Uint8Array([1]), no: 1 }
    const schema = { n: 'double', b: 'boolean', l: 'json', d: 'timestamp', big: 'int64', bytes: 'binary' } as const
    await writeRows(path, { schema })(inBatches([row]))
    expect(await rowsAt(path)).toEqual([
      { n: '1.5', b: 'true', l: '[1,"x"]', d: '1970-01-01T00:00:00.005Z', big: '1152921504606846976', bytes: 'AQ==' },
    ])
  })

  it('takes the sting out of formulas only where asked to', async () => {
    const path = join(await scratch(), 'a.csv')
    const given = ['=1+1', '+1', '-1', '@x', 'x=1', ''].map((text) => ({ text, n: -1 }))
    await writeRows(path)(inBatches(given))
    expect((await rowsAt(path)).map((row) => row.text)).toEqual(given.map((row) => row.text))
    await writeRows(path, { escapeFormulas: true })(inBatches(given))
    const escaped = await rowsAt(path)
    expect(escaped.map((row) => row.text)).toEqual(["'=1+1", "'+1", "'-1", "'@x", 'x=1', ''])
    expect(escaped[0]!.n).toBe('-1')
  })

  it('refuses a column that the first rows did not have', async () => {
    const path = join(await scratch(), 'a.csv')
    const error = await errorOf(() => writeRows(path)(inBatches([{ a: 1 }, { a: 1, b: 2 }], 1)))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/row 1 brings a new column `b`/)
  })
})
