import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetSchema } from 'hyparquet'
import { readColumnIndex, readOffsetIndex } from 'hyparquet/src/indexes.js'
import { describe, expect, it } from 'vitest'
import { type Columns, messages, type Schema, writeRows } from '../../../src/formats/index.js'
import type { ParquetOptions } from '../../../src/formats/types.js'
import { UsageError } from '../../../src/stream/errors.js'
import { errorOf, inBatches, rowsAt, scratch } from '../shards.js'

const schema: Schema = {
  text: 'string',
  kind: 'string',
  n: 'int64',
  x: 'double',
  flag: 'boolean',
  data: 'json',
  vector: { vector: 3 },
  messages,
}
const rows: Columns[] = Array.from({ length: 3000 }, (_, i) => ({
  text: i % 9 === 4 ? null : `${String(i).padStart(5, '0')}${' words'.repeat(i % 20)}`,
  kind: ['a', 'b', null][i % 3],
  n: i % 7 === 0 ? 2n ** 60n + BigInt(i) : -i,
  x: i % 5 === 0 ? Number.NaN : i / 7 - 100,
  flag: i % 2 === 0,
  data: { i },
  vector: i % 4 === 0 ? null : Float32Array.of(i, -i, 0),
  messages: Array.from({ length: i % 3 }, () => ({ role: 'user', content: `${i}` })),
}))

/** The rows written, the library's reading of the footer, and its bytes. */
async function written(parquet: ParquetOptions, given: { schema?: Schema; rows?: Columns[]; level?: number } = {}) {
  const path = join(await scratch(), 'a.parquet')
  await writeRows(path, { schema, parquet, ...given })(inBatches(given.rows ?? rows))
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path))
  return { path, metadata, bytes: await readFile(path) }
}

function chunks({ row_groups }: FileMetaData, name: string) {
  return row_groups.flatMap(({ columns }) => columns.filter(({ meta_data }) => meta_data!.path_in_schema[0] === name))
}

describe('options of Parquet', () => {
  it.each(['zstd', 'snappy', 'gzip', 'brotli', 'lz4_raw', 'none'] as const)('codec %s is read back', async (codec) => {
    const { path, metadata } = await written({ codec, pageBytes: 2000 })
    expect(await rowsAt(path)).toEqual(rows)
    const names = { zstd: 'ZSTD', snappy: 'SNAPPY', gzip: 'GZIP', brotli: 'BROTLI', lz4_raw: 'LZ4_RAW' }
    const stored = codec === 'none' ? 'UNCOMPRESSED' : names[codec]
    expect(new Set(chunks(metadata, 'text').map(({ meta_data }) => meta_data!.codec))).toEqual(new Set([stored]))
  })

  it('no rows make a list of no row groups, told as such', async () => {
    const { bytes, metadata } = await written({}, { rows: [] })
    expect(metadata.row_groups).toEqual([])
    // num_rows 0 as field 3, then field 4: a list of 0 structs, as strict readers (arrow-rs) want it.
    expect(bytes.includes(Buffer.from([0x16, 0x00, 0x19, 0x0c]))).toBe(true)
  })

  it('a level packs more tightly, and one that the codec lacks is refused', async () => {
    const [fast, tight] = [await written({}, { level: 1 }), await written({}, { level: 19 })]
    expect(tight.bytes.length).toBeLessThan(fast.bytes.length)
    for (const [codec, level] of [
      ['zstd', 23],
      ['gzip', 1.5],
      ['brotli', 12],
    ] as const) {
      const error = await errorOf(() => written({ codec }, { level }))
      expect(error).toBeInstanceOf(UsageError)
      expect(error.message).toMatch(/Expected a level of/)
    }
  })

  it('rowGroupBytes and pageBytes bound groups and pages, by whole rows', async () => {
    const { path, metadata } = await written({ rowGroupBytes: 60_000, pageBytes: 4096, codec: 'none' })
    expect(metadata.row_groups.length).toBeGreaterThan(5)
    const file = await readFile(path)
    for (const { offset_index_offset: at, offset_index_length: size } of chunks(metadata, 'text').slice(0, -1)) {
      const view = new DataView(file.buffer, file.byteOffset + Number(at), size)
      const { page_locations: pages } = readOffsetIndex({ view, offset: 0 })
      expect(pages.length).toBeGreaterThan(1)
      for (const page of pages) expect(page.compressed_page_size).toBeLessThan(4096 + 300)
    }
    expect(await rowsAt(path)).toEqual(rows)
    expect((await errorOf(async () => written({ pageBytes: 10 }))).message).toMatch(/`pageBytes` to be an integer from/)
  })

  it('dictionary keeps repeats once where that pays, always or never', async () => {
    const encodings = async (dictionary: 'auto' | 'on' | 'off') => {
      const { path, metadata } = await written({ dictionary })
      expect(await rowsAt(path)).toEqual(rows)
      const found = ['text', 'kind', 'n', 'flag', 'vector'].map((name) => {
        return chunks(metadata, name)[0]!.meta_data!.dictionary_page_offset !== undefined
      })
      return found.map(Number).join('')
    }
    expect(await encodings('auto')).toBe('01000')
    expect(await encodings('on')).toBe('11100')
    expect(await encodings('off')).toBe('00000')
  })

  it('a dictionary tells zeros and bytes apart that a Map would not', async () => {
    const given = Array.from({ length: 50 }, (_, i) => ({
      x: [0, -0, Number.NaN, 1][i % 4],
      b: Uint8Array.of(255, i % 3),
    }))
    const { path } = await written({ dictionary: 'on' }, { schema: { x: 'double', b: 'binary' }, rows: given })
    expect(await rowsAt(path)).toEqual(given)
  })

  it('without checksums a page has none, and without an index the file has no index', async () => {
    const { path, metadata, bytes } = await written({ checksums: false, pageIndex: false, statistics: false })
    expect(await rowsAt(path)).toEqual(rows)
    const chunk = chunks(metadata, 'text')[0]!
    expect(chunk.offset_index_offset).toBeUndefined()
    expect(chunk.column_index_offset).toBeUndefined()
    expect(chunk.meta_data!.statistics).toBeUndefined()
    expect((await written({})).bytes.length).toBeGreaterThan(bytes.length)
  })

  it('every chunk has an offset index, and bounds of each page where there can be any', async () => {
    const { metadata } = await written({})
    for (const name of Object.keys(schema)) {
      const [chunk] = chunks(metadata, name)
      expect(chunk!.offset_index_length, name).toBeGreaterThan(0)
      expect(chunk!.column_index_length !== undefined, name).toBe(name !== 'data' && name !== 'vector')
    }
  })
})

describe('bounds', () => {
  const column = fc.oneof(
    fc.record({
      type: fc.constant('string' as const),
      values: fc.array(fc.option(fc.string({ unit: 'binary', maxLength: 30 })), { minLength: 1 }),
    }),
    fc.record({ type: fc.constant('double' as const), values: fc.array(fc.option(fc.double()), { minLength: 1 }) }),
    fc.record({ type: fc.constant('int32' as const), values: fc.array(fc.option(fc.integer()), { minLength: 1 }) }),
    fc.record({ type: fc.constant('boolean' as const), values: fc.array(fc.option(fc.boolean()), { minLength: 1 }) }),
  )

  it('of any chunk and page hold every value, and are exact where they say so', async () => {
    await fc.assert(
      fc.asyncProperty(column, fc.constantFrom('on', 'off'), async ({ type, values }, dictionary) => {
        const { path, metadata } = await written({ dictionary, pageBytes: 1024 } as ParquetOptions, {
          schema: { v: type },
          rows: values.map((v) => ({ v })),
        })
        const bytesOf = (value: unknown) => Buffer.from(value as string)
        const compare = (a: unknown, b: unknown) =>
          type === 'string' ? Buffer.compare(bytesOf(a), bytesOf(b)) : Number(a) - Number(b)
        const present = values.filter((value) => value !== null && !Number.isNaN(value)).sort(compare)
        const { statistics } = chunks(metadata, 'v')[0]!.meta_data!
        expect(statistics!.null_count).toBe(BigInt(values.filter((value) => value === null).length))
        if (present.length === 0) {
          expect(statistics!.min_value).toBeUndefined()
          return
        }
        const { min_value, max_value, is_min_value_exact, is_max_value_exact } = statistics!
        expect(compare(min_value, present[0])).toBeLessThanOrEqual(0)
        expect(compare(max_value, present.at(-1))).toBeGreaterThanOrEqual(0)
        if (is_min_value_exact !== false) expect(compare(min_value, present[0])).toBe(0)
        if (is_max_value_exact !== false) expect(compare(max_value, present.at(-1))).toBe(0)
        const file = await readFile(path)
        const { column_index_offset: at, column_index_length: size } = chunks(metadata, 'v')[0]!
        if (at === undefined) return
        const view = new DataView(file.buffer, file.byteOffset + Number(at), size)
        const index = readColumnIndex({ view, offset: 0 }, parquetSchema(metadata).children[0]!.element)
        const known = index.min_values.filter((_, page) => !index.null_pages[page])
        expect(known.every((min) => compare(min_value, min) <= 0)).toBe(true)
        expect(index.null_counts!.reduce((sum, count) => sum + count, 0n)).toBe(statistics!.null_count)
      }),
      { numRuns: 150 },
    )
  })
})
