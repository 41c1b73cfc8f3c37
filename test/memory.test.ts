import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeRows } from '../src/formats/index.js'
import { paragraph } from './prose.js'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const heapMb = 64
const textMb = 4 * heapMb

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-memory-'))
  await writeRows(join(folder, 'corpus.parquet'), { schema: { text: 'string' } })(rows())
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Texts of about 16 kB, so that the corpus is large and its embedding, which counts 512 pieces of each, is not. */
async function* rows() {
  const paragraphs = Array.from({ length: 500 }, (_, n) => paragraph(`m${n}`))
  for (let bytes = 0, n = 0; bytes < textMb * 1e6; ) {
    const batch = Array.from({ length: 64 }, () => {
      n++
      return { text: `${n}. ${Array.from({ length: 36 }, (_, k) => paragraphs[(n * 7 + k * n) % 500]).join('\n')}` }
    })
    for (const { text } of batch) bytes += text.length
    yield batch
  }
}

describe('a selection', () => {
  it(`of ${textMb} MB of text works in a heap of ${heapMb} MB`, async () => {
    const out = join(folder, 'picked.parquet')
    const select = ['select', join(folder, 'corpus.parquet'), '-o', out, '-n', '100', '--json', '-q']
    // Room for the young generation comes on top; without a bound it alone would be as large as the old one here.
    const heap = [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=4']
    const { stdout } = await promisify(execFile)(process.execPath, [...heap, cli, ...select])
    const { tally, peakMb } = JSON.parse(stdout) as { tally: { in: number; out: number }; peakMb: number }
    expect(tally.out).toBe(100)
    expect(tally.in).toBeGreaterThan((textMb * 1e6) / 25_000)
    expect(peakMb).toBeLessThan(350)
  }, 180_000)
})
