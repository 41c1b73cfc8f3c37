import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSortedLines } from '../../src/run/lost-lines.js'
import { openRejectLog } from '../../src/run/reject-log.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sorted-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0
async function written(rows: readonly { id: string; reason: string }[], heldBytes: number): Promise<string> {
  const path = join(folder, `${files++}.jsonl`)
  const lines = openSortedLines(path, { heldBytes })
  for (const row of rows) lines.push(row)
  lines.close()
  return readFile(path, 'utf8')
}

it('writes the same lines in order of id, however few are held and in whatever order they come', async () => {
  const id = fc.constantFrom('a', 'b', 'a#1', 'a#10', 'a#9', '山', '🙂', 'x\ny')
  const rows = fc.array(fc.record({ id, reason: fc.string({ unit: 'binary' }) }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 400 }), async (given, heldBytes) => {
      const expected = await written(given, Number.POSITIVE_INFINITY)
      expect(await written(given.toReversed(), heldBytes)).toBe(expected)
      const found = expected.split('\n').slice(0, -1)
      expect(found.map((line) => JSON.parse(line).id)).toEqual(given.map((row) => row.id).sort())
      expect([...found].sort()).toEqual(given.map((row) => JSON.stringify(row)).sort())
    }),
    { numRuns: 60 },
  )
})

it('keeps what it does not hold beside the file, and clears it away', async () => {
  const path = join(folder, 'lost.jsonl')
  const log = openRejectLog(path, { sorted: true })
  const detail = 'x'.repeat(1000)
  for (let n = 0; n < 20_000; n++)
    log.reject({ id: `row-${(n * 7919) % 20_000}`, stage: 'judge', reason: 'no', detail })
  expect(existsSync(`${path}.runs`)).toBe(true)
  log.close()
  expect((await readdir(folder)).filter((name) => name.endsWith('.runs'))).toEqual([])
  const ids = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id)
  expect(ids).toEqual(Array.from({ length: 20_000 }, (_, n) => `row-${n}`).sort())
  expect(log.rejected).toEqual({ 'judge: no': 20_000 })
})
