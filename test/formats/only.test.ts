import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messages, type Schema, writeRows } from '../../src/formats/index.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { errorOf, inBatches, rowsAt, scratch } from './shards.js'

const schema: Schema = {
  text: 'string',
  turns: messages,
  vector: { vector: 3 },
  score: 'double',
  words: { list: 'string' },
}

const rows = Array.from({ length: 400 }, (_, n) => ({
  text: n % 7 === 0 ? null : `text ${n} `.repeat(1 + (n % 5)),
  turns: n % 11 === 0 ? null : Array.from({ length: n % 4 }, (_, turn) => ({ role: 'user', content: `${n}.${turn}` })),
  vector: n % 13 === 0 ? null : Float32Array.of(n, n / 2, -n),
  score: n % 3 === 0 ? null : n / 8,
  words: Array.from({ length: n % 6 }, (_, word) => `w${(n * word) % 17}`),
}))

/** Rows in some row groups of a few pages a column. */
async function smallPages(): Promise<string> {
  const path = join(await scratch(), 'rows.parquet')
  const parquet = { pageBytes: 1024, rowGroupBytes: 8192 }
  await writeRows(path, { schema, parquet })(inBatches(rows))
  return path
}

describe('rows asked for by their numbers', () => {
  it('are those rows, whichever pages and row groups they lie in', async () => {
    const path = await smallPages()
    await fc.assert(
      fc.asyncProperty(fc.subarray([...rows.keys()]), fc.subarray(Object.keys(schema)), async (only, columns) => {
        const want = only.map((row) => rows[row]!)
        expect(await rowsAt(path, { only })).toEqual(want)
        if (columns.length === 0) return
        const shared = want.map((row) =>
          Object.fromEntries(columns.map((name) => [name, row[name as keyof typeof row]])),
        )
        expect(await rowsAt(path, { only, columns })).toEqual(shared)
      }),
      { numRuns: 40 },
    )
  })

  it('come out of a format that knows only ranges too', async () => {
    const only = [0, 5, 6, 130, 399]
    const path = join(await scratch(), 'rows.jsonl')
    await writeFile(path, Array.from({ length: 400 }, (_, n) => `{"n":${n}}\n`).join(''))
    expect(await rowsAt(path, { only })).toEqual(only.map((n) => ({ n })))
  })

  it('leave pages without any of them alone', async () => {
    const path = join(await scratch(), 'texts.parquet')
    const texts = Array.from({ length: 200 }, (_, n) => ({ text: `unlike any other: ${n}` }))
    const parquet = { pageBytes: 1024, codec: 'none', dictionary: 'off' } as const
    await writeRows(path, { parquet })(inBatches(texts))
    const bytes = await readFile(path)
    bytes[bytes.indexOf('any other: 100')] = 0x21
    await writeFile(path, bytes)
    expect(await errorOf(() => rowsAt(path, { only: [100] }))).toBeInstanceOf(CorruptInputError)
    expect(await rowsAt(path, { only: [3, 190] })).toEqual([texts[3], texts[190]])
  })

  it('are none where none are asked for, or where there are no more', async () => {
    const path = await smallPages()
    expect(await rowsAt(path, { only: [] })).toEqual([])
    expect(await rowsAt(path, { only: [399, 400, 9999] })).toEqual([rows[399]])
  })

  it('must rise', async () => {
    const path = await smallPages()
    for (const only of [[3, 2], [4, 4], [-1], [0.5]]) {
      expect(await errorOf(() => rowsAt(path, { only }))).toBeInstanceOf(TypeError)
    }
  })
})
