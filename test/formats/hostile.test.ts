import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Columns, messages, type Schema, writeRows } from '../../src/formats/index.js'
import { readParquet } from '../../src/formats/parquet/read.js'
import { CorruptInputError, SluiceError } from '../../src/stream/errors.js'
import { uniform } from '../../src/text/hash.js'
import { mutate } from './mutant.mjs'
import { collect, errorOf, inBatches, scratch } from './shards.js'

// More with SLUICE_MUTANTS=2000 SLUICE_FLIPS=3000.
const mutants = Number(process.env.SLUICE_MUTANTS ?? 400)
const flips = Number(process.env.SLUICE_FLIPS ?? 400)
const fixtures = join(import.meta.dirname, '../../fixtures/shards')
const corpora = join(import.meta.dirname, '../../../shared/corpora')

/** Reads a file to its end, or up to a million rows; answers with the rows or the error, and fails past 5 CPU seconds. */
async function outcome(path: string): Promise<Columns[] | Error> {
  const before = process.cpuUsage()
  const rows: Columns[] = []
  let count = 0
  let result: Columns[] | Error = rows
  try {
    for await (const batch of readParquet(path)) {
      count += batch.length
      if (rows.length < 10_000) rows.push(...batch)
      if (count > 1_000_000) break
    }
  } catch (error) {
    result = error as Error
  }
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6, path).toBeLessThan(5)
  return result
}

describe('a hostile Parquet file', () => {
  const originals = readdirSync(fixtures).filter((name) => name.endsWith('.parquet'))

  it(`gives rows or a clear error, whatever bytes change (${mutants} mutants)`, { timeout: 600_000 }, async () => {
    const path = join(await scratch(), 'mutant.parquet')
    let refused = 0
    for (let i = 0; i < mutants; i++) {
      const name = originals[i % originals.length]!
      const mutant = mutate(readFileSync(join(fixtures, name)), uniform, 7, `${name}#${i}`)
      await writeFile(path, mutant)
      const result = await outcome(path)
      if (!(result instanceof Error)) continue
      refused++
      expect(result, `${name}, mutant ${i}: ${result.stack}`).toBeInstanceOf(SluiceError)
      expect(result.message).toContain(path)
    }
    expect(refused).toBeGreaterThan(mutants / 2)
    expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(600)
  })

  it('ends at once where a level once made the library count for 40 seconds', async () => {
    const bytes = await readFile(join(fixtures, 'nested-pages-2.0.parquet'))
    for (let bit = 0; bit < 8; bit++) {
      const mutant = Uint8Array.from(bytes)
      mutant[880]! ^= 1 << bit
      const path = join(await scratch({ 'mutant.parquet': mutant }), 'mutant.parquet')
      const result = await outcome(path)
      if (result instanceof Error) expect(result).toBeInstanceOf(CorruptInputError)
    }
  })

  it('names the page that asks for too much, and the limit that lets it in', async () => {
    const path = join(fixtures, 'flat-zstd.parquet')
    const error = await errorOf(() => collect(readParquet(path, { limits: { pageBytes: 10 } })))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(/row group 0, column `text`, page at byte 4: its page: \d+ is above the limit of 10$/)
    expect(error.fix).toBe('If you trust this file, raise the limit `pageBytes`: --limit-page-bytes.')
  })

  it.each([
    ['footerBytes', 100],
    ['footerValues', 100],
    ['columns', 12],
    ['groupRows', 7],
    ['dictionaryValues', 1],
    ['heldBytes', 50],
    ['valueBytes', 4],
  ])('is refused above the limit %s', async (limit, value) => {
    const error = await errorOf(() =>
      collect(readParquet(join(fixtures, 'flat-none.parquet'), { limits: { [limit]: value } })),
    )
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toContain('flat-none.parquet: ')
  })

  it.each([
    ['depth', 2],
    ['rowValues', 1],
  ])('of nested columns is refused above the limit %s', async (limit, value) => {
    const path = join(fixtures, 'nested-pages-1.0.parquet')
    const error = await errorOf(() => collect(readParquet(path, { limits: { [limit]: value } })))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.fix).toContain(limit)
  })
})

// Whoever lacks the corpora is told so by the name of the skipped test.
describe.skipIf(!existsSync(corpora))('the shared corpora (skipped where ../shared/corpora is absent)', () => {
  const bad = (folder: string) =>
    existsSync(join(corpora, folder))
      ? readdirSync(join(corpora, folder)).filter((name) => name.endsWith('.parquet'))
      : []

  it.each(bad('parquet-testing/bad_data'))('%s is refused', async (name) => {
    const path = join(corpora, 'parquet-testing/bad_data', name)
    const result = await outcome(path)
    // Its indexes are zero bits wide, which every reader takes for zeros; pyarrow reads it too.
    if (name === 'ARROW-GH-43605.parquet') return expect(result).toHaveLength(10_000 + 240)
    expect(result).toBeInstanceOf(CorruptInputError)
    expect((result as Error).message).toContain(path)
  })

  it.each(bad('bombs'))('%s costs little memory', async (name) => {
    const result = await outcome(join(corpora, 'bombs', name))
    // A long text repeated by its index is read, a batch at a time, without ever being repeated in memory.
    if (name !== 'dictbomb.parquet') expect(result).toBeInstanceOf(CorruptInputError)
    expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(600)
  })
})

describe('a bit flipped in a Parquet file of ours', () => {
  const schema: Schema = {
    text: 'string',
    kind: 'string',
    n: 'int64',
    at: 'timestamp',
    score: 'double',
    flag: 'boolean',
    vector: { vector: 4 },
    messages,
  }
  const rows: Columns[] = Array.from({ length: 300 }, (_, i) => ({
    text: i % 9 === 4 ? null : `the ${i}th text ${'and more '.repeat(i % 7)}`,
    kind: ['a', 'b', 'c'][i % 3],
    n: i * 1000,
    at: new Date(1e12 + i * 1e6),
    score: i / 7,
    flag: i % 5 === 0,
    vector: Float32Array.of(i, i / 2, -i, 0),
    messages: Array.from({ length: i % 3 }, (_, turn) => ({
      role: turn ? 'assistant' : 'user',
      content: `${i}.${turn}`,
    })),
  }))

  it(`is never read as other data (${flips} flips)`, { timeout: 600_000 }, async () => {
    const path = join(await scratch(), 'ours.parquet')
    await writeRows(path, { schema })(inBatches(rows))
    const bytes = await readFile(path)
    let refused = 0
    for (let i = 0; i < flips; i++) {
      const at = Math.floor(uniform(3, `${i}`, 'byte') * bytes.length)
      const bit = Math.floor(uniform(3, `${i}`, 'bit') * 8)
      bytes[at]! ^= 1 << bit
      await writeFile(path, bytes)
      bytes[at]! ^= 1 << bit
      const result = await outcome(path)
      if (result instanceof Error) {
        refused++
        expect(result, `byte ${at}, bit ${bit}: ${result.stack}`).toBeInstanceOf(CorruptInputError)
      } else expect(result, `byte ${at}, bit ${bit}`).toEqual(rows)
    }
    expect(refused).toBeGreaterThan(flips * 0.9)
  })

  it(`ends no process where the footer's checksum is not looked at (${flips} flips)`, {
    timeout: 600_000,
  }, async () => {
    const path = join(await scratch(), 'theirs.parquet')
    await writeRows(path, { schema })(inBatches(rows))
    const bytes = await readFile(path)
    bytes.write('others', bytes.lastIndexOf('sluice'))
    const footer = bytes.readUInt32LE(bytes.length - 8) + 8
    for (let i = 0; i < flips; i++) {
      const at = bytes.length - 1 - Math.floor(uniform(5, `${i}`, 'byte') * footer)
      const bit = Math.floor(uniform(5, `${i}`, 'bit') * 8)
      bytes[at]! ^= 1 << bit
      await writeFile(path, bytes)
      bytes[at]! ^= 1 << bit
      const result = await outcome(path)
      if (result instanceof Error) expect(result, `byte ${at}, bit ${bit}: ${result.stack}`).toBeInstanceOf(SluiceError)
    }
  })
})
