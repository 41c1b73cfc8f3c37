import { existsSync, readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeShard, readShard, writeRows } from '../../src/formats/index.js'
import { readTexts, type TextBatch } from '../../src/formats/texts.js'
import type { RowRange } from '../../src/formats/types.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { checkColumn, columnTexts } from '../../src/text/column.js'
import { errorOf, inBatches, scratch, shardAt } from './shards.js'

const fixtures = join(import.meta.dirname, '../../fixtures/shards')
const testing = join(import.meta.dirname, '../../../shared/corpora/parquet-testing/data')

function strings(texts: TextBatch): (string | null)[] {
  checkColumn(texts)
  return columnTexts(texts).map((text, row) => (texts.nulls?.[row] === 1 ? null : text))
}

async function textsAt(path: string, column: string, rows?: RowRange): Promise<(string | null)[]> {
  const found: (string | null)[] = []
  for await (const texts of readTexts(await shardAt(path), column, { rows })) found.push(...strings(texts))
  return found
}

async function valuesAt(path: string, column: string, rows?: RowRange): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const batch of readShard(await shardAt(path), { columns: [column], rows })) {
    for (const row of batch) found.push(row[column])
  }
  return found
}

/** Every text column of every Parquet file of a folder that can be described. */
async function textColumns(folder: string): Promise<{ path: string; column: string }[]> {
  const found: { path: string; column: string }[] = []
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.parquet'))) {
    const path = join(folder, name)
    const description = await describeShard(await shardAt(path)).catch(() => undefined)
    for (const { name: column, type } of description?.columns ?? []) {
      if (type === 'string' && !name.startsWith('large_string_map')) found.push({ path, column })
    }
  }
  return found
}

describe('texts as bytes', () => {
  it('are the strings of the same column, in all encodings, codecs and page versions', async () => {
    const columns = await textColumns(fixtures)
    expect(columns.length).toBeGreaterThan(5)
    for (const { path, column } of columns) {
      expect(await textsAt(path, column), `${path} ${column}`).toEqual(await valuesAt(path, column))
      const rows = { start: 3, end: 7 }
      expect(await textsAt(path, column, rows), `${path} ${column} rows 3 to 7`).toEqual(
        await valuesAt(path, column, rows),
      )
    }
  })

  it.skipIf(!existsSync(testing))('are so for the files of apache/parquet-testing', async () => {
    const columns = await textColumns(testing)
    expect(columns.length).toBeGreaterThan(20)
    for (const { path, column } of columns) {
      const expected = await valuesAt(path, column).catch((error: Error) => error)
      // UUIDs and other fixed bytes have a text for each value, and no texts in the file.
      const given = await textsAt(path, column).catch((error: Error) => error)
      if (expected instanceof Error || given instanceof UsageError) expect(given, path).toBeInstanceOf(Error)
      else expect(given, `${path} ${column}`).toEqual(expected)
    }
  })

  it('come from whatever rows were written, in any range', async () => {
    const path = join(await scratch(), 'texts.parquet')
    const text = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'a', '\uFEFFmark', 'x'.repeat(5000))),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 300 }),
        fc.nat(299),
        fc.nat(299),
        async (texts, a, b) => {
          const rows = texts.map((each) => ({ text: each }))
          await writeRows(path, { schema: { text: 'string' } })(inBatches(rows))
          expect(await textsAt(path, 'text')).toEqual(texts)
          const range = { start: Math.min(a, b), end: Math.max(a, b) }
          expect(await textsAt(path, 'text', range)).toEqual(texts.slice(range.start, range.end))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('come from other formats too, and count what is no text as none', async () => {
    const folder = await scratch({
      'a.jsonl': Buffer.from('{"text":"one"}\n{"text":7}\n{"text":null}\n{"text":"é"}\n'),
    })
    expect(await textsAt(join(folder, 'a.jsonl'), 'text')).toEqual(['one', null, null, 'é'])
  })

  it('are refused of a column of something else', async () => {
    const error = await errorOf(() => textsAt(join(fixtures, 'flat-snappy.parquet'), 'int8'))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/column `int8` is not one of texts$/)
  })

  it('are corrupt where the file is cut or changed, with the page named', async () => {
    const whole = await readFile(join(fixtures, 'flat-zstd.parquet'))
    const { rowGroups } = await describeShard(await shardAt(join(fixtures, 'flat-zstd.parquet')))
    whole.fill(0, 40, 40 + rowGroups![0]!.bytes / 4)
    const path = join(await scratch(), 'bad.parquet')
    await writeFile(path, whole)
    const error = await errorOf(() => textsAt(path, 'text'))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(/row group 0, column `text`, page at byte \d+: ./)
  })
})
