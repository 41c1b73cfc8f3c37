import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash32, uniform } from '../../src/text/hash.js'

/** Sum of (seen - expected)² / expected over equally likely cells. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

function countCells(values: readonly number[], cells: number): number[] {
  const counts = new Array<number>(cells).fill(0)
  for (const value of values) counts[Math.floor(value * cells)]!++
  return counts
}

const ids = Array.from({ length: 20_000 }, (_, i) => `train-00000-of-00007.parquet#${i}`)

// The 99.99 % point of chi-square with 99 degrees of freedom is 161.3; with fixed seeds each value below is a constant.
const limit99 = 161.3

describe('hash32', () => {
  it('is MurmurHash3 x86 32 over UTF-16LE, as an independent implementation gives it', () => {
    expect(hash32('')).toBe(0)
    expect(hash32('', 1)).toBe(1364076727)
    expect(hash32('a')).toBe(1867108634)
    expect(hash32('ab')).toBe(374890698)
    expect(hash32('abc', 7)).toBe(3629696366)
    expect(hash32('train.parquet#41', 0x9747b28c)).toBe(4085246258)
    expect(hash32('漢字')).toBe(3162241253)
    expect(hash32('😀!')).toBe(4209407414)
  })

  it('changes about half of its bits when one bit of the text changes', () => {
    let flipped = 0
    for (const id of ids.slice(0, 2000)) {
      const other = `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) ^ 1)}`
      for (let bits = hash32(id) ^ hash32(other); bits !== 0; bits &= bits - 1) flipped++
    }
    expect(flipped / (2000 * 32)).toBeCloseTo(0.5, 1.5)
  })
})

describe('uniform', () => {
  it('gives these numbers and may never give others', () => {
    expect(uniform(7, 'train.parquet#0', 'split')).toBe(0.5854186452552003)
    expect(uniform(7, 'train.parquet#1', 'split')).toBe(0.5868676999399794)
    expect(uniform(8, 'train.parquet#0', 'split')).toBe(0.23881531419641144)
    expect(uniform(7, 'train.parquet#0', 'draw')).toBe(0.061729661536432334)
    expect(uniform(0xffffffff, '漢字😀', 'x')).toBe(0.16090410396036747)
    expect(uniform(-1, '漢字😀', 'x')).toBe(uniform(0xffffffff, '漢字😀', 'x'))
  })

  it('stays strictly between 0 and 1', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: 'binary' }), fc.string(), (seed, id, use) => {
        const value = uniform(seed, id, use)
        return value > 0 && value < 1
      }),
    )
  })

  it('has the mean and variance of a uniform number', () => {
    const values = ids.map((id) => uniform(7, id, 'split'))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    // Four standard errors: 1 / sqrt(12 n) and 1 / sqrt(180 n).
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(4 / Math.sqrt(12 * ids.length))
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 / Math.sqrt(180 * ids.length))
  })

  it.each([
    ['row numbers that follow each other', (i: number) => uniform(7, ids[i]!, 'split')],
    ['short ids', (i: number) => uniform(7, `${i}`, '')],
    ['seeds that follow each other', (i: number) => uniform(i, 'a#1', 'split')],
    ['uses that follow each other', (i: number) => uniform(7, 'a#1', `draw ${i}`)],
  ])('falls evenly over 100 cells for %s', (_, draw) => {
    expect(
      chiSquare(
        countCells(
          Array.from(ids, (_, i) => draw(i)),
          100,
        ),
      ),
    ).toBeLessThan(limit99)
  })

  it.each([
    ['neighbouring rows', (i: number) => uniform(7, ids[(i + 1) % ids.length]!, 'split')],
    ['another use', (i: number) => uniform(7, ids[i]!, 'draw')],
    ['another seed', (i: number) => uniform(8, ids[i]!, 'split')],
  ])('tells nothing about %s', (_, other) => {
    // Independent pairs fall evenly over a grid of 10 by 10.
    const pairs = ids.map((id, i) => {
      const row = Math.floor(uniform(7, id, 'split') * 10)
      return (row * 10 + Math.floor(other(i) * 10) + 0.5) / 100
    })
    expect(chiSquare(countCells(pairs, 100))).toBeLessThan(limit99)
  })

  it('uses its low bits too', () => {
    const low = ids.map((id) => (uniform(7, id, 'split') * 2 ** 40) % 1)
    expect(chiSquare(countCells(low, 100))).toBeLessThan(limit99)
  })
})
