import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLz4Block, encodeLz4Block } from '../../src/formats/lz4-block.js'

function roundTrip(plain: Uint8Array): { packed: number; same: boolean } {
  const packed = encodeLz4Block(plain)
  const back = new Uint8Array(plain.length)
  const end = decodeLz4Block(packed, 0, packed.length, back, 0)
  return { packed: packed.length, same: end === plain.length && Buffer.from(plain).equals(back) }
}

/** Bytes that repeat themselves near and far, and runs of one. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('the quick brown fox ', 'abc', 'é“”').map((text) => Buffer.from(text.repeat(9))),
      fc.integer({ min: 0, max: 70_000 }).map((size) => new Uint8Array(size).fill(size)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)))

describe('an LZ4 block of ours', () => {
  it('decodes to the bytes it was made of', () => {
    fc.assert(
      fc.property(bytes, (plain) => {
        expect(roundTrip(plain).same).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('is small where bytes repeat, and little larger than them where they do not', () => {
    expect(roundTrip(Buffer.from('the same words again, '.repeat(5000))).packed).toBeLessThan(1000)
    const noise = Uint8Array.from({ length: 100_000 }, (_, n) => (Math.imul(n, 2654435761) >>> 13) ^ (n * n))
    expect(roundTrip(noise).packed).toBeLessThan(100_000 * 1.005)
  })

  it('looks no further back than 65,535 bytes', () => {
    const far = Uint8Array.from({ length: 70_000 }, (_, n) => Math.imul(n, 2654435761) >>> 24)
    expect(roundTrip(Buffer.concat([Buffer.from('unlike all else'), far, Buffer.from('unlike all else')])).same).toBe(
      true,
    )
  })
})
