import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { loadStaticTable, staticTableId } from '../../../src/embed/static/table.js'

const folder = new URL('../../../src/embed/static/', import.meta.url)

describe('the bundled table', () => {
  it('is the frozen one, byte for byte', async () => {
    const table = await loadStaticTable({ verify: true })
    expect(table.dimensions).toBe(128)
    expect(table.pieces).toHaveLength(32_581)
    expect(table.pieces.slice(0, 6)).toEqual(['.', '"', '/', '>', 's', '▁'])
    expect(table.rows).toHaveLength(32_581 * 128)
    expect(table.logProbabilities[5]).toBe(-3.3395)
    expect(table.scales.every((scale) => scale > 0 && scale < 0.01)).toBe(true)
  })

  it('has in SHA256SUMS the digests that its id is made of', async () => {
    const sums = await readFile(new URL('SHA256SUMS', folder), 'utf8')
    const digests = sums.trim().split('\n')
    expect(digests.map((line) => line.slice(66))).toEqual([
      'use_enzh_32k.pieces.json',
      'use_enzh_32k_128.i8',
      'use_enzh_32k_128.scale.f32',
    ])
    expect(staticTableId).toBe(`use_enzh_32k_128@${digests.map((line) => line.slice(0, 6)).join('')}`)
    const source = await readFile(new URL('table.ts', folder), 'utf8')
    for (const line of digests) expect(source).toContain(line.slice(0, 64))
  })
})
