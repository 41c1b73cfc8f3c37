import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsAt } from './shards.js'

const folder = join(import.meta.dirname, '../../fixtures/shards')
const files = readdirSync(folder).filter((name) => readdirSync(folder).includes(`${name}.json`))

/** Cells as the .json files spell them: dates as milliseconds, bytes as base64, big integers as digits. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return value.getTime()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Float32Array) return Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

describe.each(files)('%s', (name) => {
  const path = join(folder, name)
  const want = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Record<string, unknown>[]

  it('reads every row', async () => {
    expect((await rowsAt(path)).map(plain)).toEqual(want)
  })

  it('reads the last row alone', async () => {
    const last = await rowsAt(path, { rows: { start: Math.max(0, want.length - 1), end: want.length } })
    expect(last.map(plain)).toEqual(want.slice(-1))
  })

  it('reads every range of rows', async () => {
    for (let start = 0; start < want.length; start += 3) {
      const rows = await rowsAt(path, { rows: { start, end: start + 5 } })
      expect(rows.map(plain)).toEqual(want.slice(start, start + 5))
    }
  })

  it('reads any rows by their numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([...want.keys()]), async (only) => {
        expect((await rowsAt(path, { only })).map(plain)).toEqual(only.map((row) => want[row]))
      }),
      { numRuns: 15 },
    )
  })

  it.skipIf(want.length === 0)('reads one column', async () => {
    const column = Object.keys(want[0]!).at(-1)!
    const rows = (await rowsAt(path, { columns: [column] })).map(plain)
    expect(rows).toEqual(want.map((row) => (column in row ? { [column]: row[column] } : {})))
  })
})
