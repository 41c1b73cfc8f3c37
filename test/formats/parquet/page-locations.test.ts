import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFile } from '../../../src/formats/files.js'
import { readShard, writeRows } from '../../../src/formats/index.js'
import { defaultLimits } from '../../../src/formats/limits.js'
import { readFooter } from '../../../src/formats/parquet/footer.js'
import { locationOf, readPageLocations } from '../../../src/formats/parquet/page-locations.js'
import { CorruptInputError } from '../../../src/stream/errors.js'
import { collect } from '../../laws.js'
import { errorOf, inBatches, scratch } from '../shards.js'

const count = 3000
const rows = Array.from({ length: count }, (_, n) => ({
  n,
  text: n % 7 === 0 ? null : `row ${n} ${'x'.repeat(n % 50)}`,
  kind: `kind ${n % 5}`,
  vector: Float32Array.from({ length: 4 }, (_, k) => n + k / 4),
  turns: Array.from({ length: n % 4 }, (_, k) => ({ role: k % 2 ? 'user' : 'assistant', content: `${n}/${k}` })),
}))
const schema = {
  n: 'int64',
  text: 'string',
  kind: 'string',
  vector: { vector: 4 },
  turns: { list: { struct: { role: 'string', content: 'string' } } },
} as const

let path: string
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'sluice-pages-')), 'paged.parquet')
  const parquet = { pageBytes: 1024, rowGroupBytes: 1 << 20, dictionary: 'auto', codec: 'none' } as const
  await writeRows(path, { schema, parquet })(inBatches(rows, 100))
})

const rowsAt = (file: string, only: readonly number[], columns?: readonly string[]) =>
  collect(readShard({ path: file, format: 'parquet' }, { only, ...(columns && { columns }) }))

async function footerOf(file: string) {
  const source = await openFile(file)
  return { source, footer: await readFooter(file, source, defaultLimits) }
}

/** The chunk of a column in the first row group, and its index as it is read. */
async function indexOf(file: string, column: string) {
  const { source, footer } = await footerOf(file)
  try {
    const group = footer.groups[0]!
    const chunk = group.chunks.find((each) => each.path[0] === column)!
    const start = chunk.dictionaryAt || chunk.dataAt
    const place = {
      at: chunk.indexAt,
      bytes: chunk.indexBytes,
      rows: group.rows,
      chunk: { start, end: start + chunk.bytes },
    }
    return { chunk, place, locations: await readPageLocations(source, place, defaultLimits) }
  } finally {
    await source.close()
  }
}

/** The file with other bytes from `at` on. */
async function changed(at: number, bytes: Uint8Array): Promise<string> {
  const file = await readFile(path)
  file.set(bytes, at)
  const to = join(await scratch(), 'changed.parquet')
  await writeFile(to, file)
  return to
}

afterAll(() => rm(dirname(path), { recursive: true }))

describe('rows by their numbers', () => {
  it('are those of the file, whichever they are and of whichever columns', async () => {
    const names = Object.keys(schema)
    const some = fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, fc.subarray(names, { minLength: 1 }), async (numbers, columns) => {
        const only = numbers.sort((a, b) => a - b)
        const wanted = only.map((n) => Object.fromEntries(columns.map((name) => [name, rows[n]![name as 'n']])))
        expect(await rowsAt(path, only, columns)).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })

  it('are found without reading what lies before them', async () => {
    const { locations, chunk } = await indexOf(path, 'turns')
    expect(locations!.length).toBeGreaterThan(10)
    // Headers that are never looked at may as well be no headers.
    const [first, last] = [locations![1]!, locations!.at(-1)!]
    const torn = await changed(first.start, Buffer.alloc(last.start - first.start, 0xff))
    expect(await rowsAt(torn, [0, count - 1], ['turns'])).toEqual(
      [0, count - 1].map((n) => ({ turns: rows[n]!.turns })),
    )
    expect((await errorOf(() => rowsAt(torn, [0, count >> 1], ['turns']))).message).toContain(`page at byte`)
    expect(chunk.indexBytes).toBeGreaterThan(24)
  })
})

describe('an offset index', () => {
  it('tells the page of every row', async () => {
    const { locations } = await indexOf(path, 'n')
    for (let row = 0; row < count; row++) {
      const { firstRow } = locationOf(locations!, row)
      const next = locations!.find((each) => each.firstRow > firstRow)?.firstRow ?? count
      expect(firstRow <= row && row < next).toBe(true)
    }
  })

  it('that is cut, or no index, or of other pages is not believed, and the rows are the same', async () => {
    const { place } = await indexOf(path, 'text')
    const index = await readRange(path, place.at, place.bytes)
    await fc.assert(
      fc.asyncProperty(fc.nat(place.bytes - 1), fc.nat(255), async (at, byte) => {
        const bytes = Uint8Array.from(index)
        bytes[at] = byte
        const file = await changed(place.at, bytes)
        // Either it is not believed, or what it says of a page is found to be wrong when the page is read.
        const found = await rowsAt(file, [3, 2000, 2990], ['text']).catch((error) => error)
        if (found instanceof Error) expect(found).toBeInstanceOf(CorruptInputError)
        else expect(found).toEqual([3, 2000, 2990].map((n) => ({ text: rows[n]!.text })))
      }),
      { numRuns: 100 },
    )
    const cut = await changed(place.at, new Uint8Array(place.bytes))
    expect(await rowsAt(cut, [2000], ['text'])).toEqual([{ text: rows[2000]!.text }])
    const source = { size: 10_000, read: async () => new ArrayBuffer(100) }
    expect(await readPageLocations(source, { ...place, at: 9_999_000 }, defaultLimits)).toBeUndefined()
  })
})

async function readRange(file: string, start: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const bytes = new Uint8Array(length)
    await handle.read(bytes, 0, length, start)
    return bytes
  } finally {
    await handle.close()
  }
}
