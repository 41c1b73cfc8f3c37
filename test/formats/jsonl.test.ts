import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeRows } from '../../src/formats/index.js'
import { readLines } from '../../src/formats/lines.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { collect, errorOf, inBatches, rowsAt, scratch } from './shards.js'

describe('reading JSON Lines', () => {
  it('puts lines together whatever byte a block ends at', async () => {
    const rows = [{ text: 'a🙂漢é' }, { text: '' }, { text: 'x\r\ny' }]
    const bytes = Buffer.from(`\uFEFF${rows.map((row) => JSON.stringify(row)).join('\r\n')}`)
    const folder = await scratch({ 'a.jsonl': bytes, 'a.jsonl.gz': gzipSync(bytes) })
    for (let size = 1; size <= bytes.length; size++) {
      const lines = (await collect(readLines(join(folder, 'a.jsonl'), size))).map(({ text }) => JSON.parse(text))
      expect(lines).toEqual(rows)
    }
    for (let size = 1; size <= 10; size++) {
      expect(await collect(readLines(join(folder, 'a.jsonl.gz'), size))).toHaveLength(rows.length)
    }
  })

  it('gives back any rows that JSON can hold, plain and gzipped', async () => {
    const folder = await scratch()
    const anyRow = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow), fc.constantFrom('a.jsonl', 'a.jsonl.gz'), async (rows, name) => {
        const path = join(folder, name)
        await writeRows(path)(inBatches(rows, 2))
        expect(await rowsAt(path)).toEqual(JSON.parse(JSON.stringify(rows)))
      }),
      { numRuns: 60 },
    )
  })

  it('takes as many lines as a block holds', async () => {
    const path = join(await scratch({ 'a.jsonl': '{}\n'.repeat(800_000) }), 'a.jsonl')
    let lines = 0
    for await (const block of readLines(path)) lines += block.length
    expect(lines).toBe(800_000)
  })

  it('names file, line and reason of a bad line, blank lines counted', async () => {
    const folder = await scratch({ 'a.jsonl': '{"a":1}\n\n{"a":1\n{"a":2}\n' })
    const error = await errorOf(() => rowsAt(join(folder, 'a.jsonl')))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(/a\.jsonl:3: not JSON: .*(Expected|Unexpected)/)
  })

  it.each([
    ['a line that is no object', '{"a":1}\n5\n', /:2: expected a JSON object, got a number/],
    ['a JSON array', '[{"a":1}]\n', /:1: expected a JSON object, got an array/],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x7d, 0x0a, 0x22, 0xff, 0x22, 0x0a]), /:2: the line is not UTF-8/],
    ['a gzip file cut short', gzipSync('{"a":1}\n'.repeat(100)).subarray(0, 30), /cannot gunzip it/],
  ])('refuses %s', async (_, content, message) => {
    const folder = await scratch({ 'a.jsonl': content })
    const error = await errorOf(() => rowsAt(join(folder, 'a.jsonl')))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(message)
  })

  it('stops before a range begins to cost and does not parse what lies outside', async () => {
    const folder = await scratch({ 'a.jsonl': '{"a":0}\n{"a":1}\nbroken\n' })
    expect(await rowsAt(join(folder, 'a.jsonl'), { rows: { start: 1, end: 2 } })).toEqual([{ a: 1 }])
  })

  it('remembers so many columns of rows that bring ever new ones, and finds a late one all the same', async () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `{"key ${n}":"${'x'.repeat(200)}"}\n`).join('')
    const path = join(await scratch({ 'a.jsonl': `${lines}{"text":"late"}\n` }), 'a.jsonl')
    expect((await rowsAt(path, { columns: ['text'] })).at(-1)).toEqual({ text: 'late' })
    const error = await errorOf(() => rowsAt(path, { columns: ['txt'] }))
    expect(error.fix).toMatch(/key 49, … \(10000 or more\)\.$/)
  })

  it('suggests the column that was meant', async () => {
    const folder = await scratch({ 'a.jsonl': '{"text":"x","n":1}\n' })
    const error = await errorOf(() => rowsAt(join(folder, 'a.jsonl'), { columns: ['txt'] }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.fix).toBe('Did you mean `text`? Its columns are: text, n.')
  })

  it.each(['a.jsonl', 'a.json'])(
    'finds a column of %s that only a late row has, and tells of one that none has',
    async (name) => {
      const rows = Array.from({ length: 40_000 }, (_, n) => (n === 39_999 ? { late: 1 } : { early: 'x'.repeat(20) }))
      const path = join(await scratch(), name)
      await writeRows(path)(inBatches(rows))
      const found = await rowsAt(path, { columns: ['late'] })
      expect([found.length, found.at(-1), found[0]]).toEqual([40_000, { late: 1 }, {}])
      const error = await errorOf(() => rowsAt(path, { columns: ['lat'] }))
      expect(error).toBeInstanceOf(UsageError)
      expect(error.fix).toBe('Did you mean `late`? Its columns are: early, late.')
    },
  )

  it('ends with the reason of an aborted signal', async () => {
    const path = join(await scratch(), 'a.jsonl')
    await writeFile(path, '{"a":1}\n')
    const error = await errorOf(() => rowsAt(path, { signal: AbortSignal.abort(new Error('enough')) }))
    expect(error.message).toBe('enough')
  })
})

describe('writing JSON Lines', () => {
  it('spells what JSON has no word for', async () => {
    const path = join(await scratch(), 'a.jsonl')
    const row = { n: 2n ** 60n, v: new Float32Array([0.5, 1]), b: new Uint8Array([1, 255]), d: new Date(5), l: [[1n]] }
    await writeRows(path)(inBatches([row]))
    expect(await rowsAt(path)).toEqual([
      { n: '1152921504606846976', v: [0.5, 1], b: 'Af8=', d: '1970-01-01T00:00:00.005Z', l: [['1']] },
    ])
  })

  it('keeps to the columns of a schema', async () => {
    const path = join(await scratch(), 'a.jsonl')
    await writeRows(path, { schema: { b: 'string', a: 'int32' } })(inBatches([{ a: 1, b: 'x', id: 'no' }]))
    expect(await rowsAt(path)).toEqual([{ b: 'x', a: 1 }])
  })

  it('writes the same gzip bytes for the same rows in other batches', async () => {
    const folder = await scratch()
    const rows = Array.from({ length: 3000 }, (_, i) => ({ text: `row ${i} `.repeat(100) }))
    const [a, b] = [join(folder, 'a.jsonl.gz'), join(folder, 'b.jsonl.gz')]
    const written = await writeRows(a)(inBatches(rows, 7))
    await writeRows(b)(inBatches(rows, 1000))
    const { readFile } = await import('node:fs/promises')
    const bytes = await readFile(a)
    expect(bytes.equals(await readFile(b))).toBe(true)
    expect(written).toEqual({ rows: 3000, bytes: bytes.length })
    expect(gunzipSync(bytes).toString().split('\n')).toHaveLength(3001)
  })
})
