import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompressLz4Frame } from '../../../src/formats/arrow/lz4.js'

/** One sequence of a block: literals, then a match of `length` bytes `distance` back, or none. */
type Sequence = { literals: number[]; distance: number; length: number }

const long = (rest: number) => [...Array(Math.floor(rest / 255)).fill(255), rest % 255]

/** Writes sequences as LZ4_Block_format.md says, and plays them by its plainest reading. */
function encode(sequences: readonly Sequence[], last: readonly number[]): { frame: Uint8Array; plain: number[] } {
  const block: number[] = []
  const plain: number[] = []
  for (const { literals, distance, length } of [...sequences, { literals: last, distance: 0, length: 0 }]) {
    const isLast = length === 0
    const back = Math.min(distance, plain.length + literals.length)
    const matched = isLast ? 4 : length
    block.push((Math.min(15, literals.length) << 4) | Math.min(15, matched - 4))
    if (literals.length >= 15) block.push(...long(literals.length - 15))
    block.push(...literals)
    plain.push(...literals)
    if (isLast) break
    block.push(back & 255, back >> 8)
    if (matched - 4 >= 15) block.push(...long(matched - 19))
    for (let i = 0; i < matched; i++) plain.push(plain[plain.length - back]!)
  }
  const size = block.length
  const head = [0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0]
  return { frame: Uint8Array.from([...head, size & 255, size >> 8, size >> 16, 0, ...block, 0, 0, 0, 0]), plain }
}

const byte = fc.integer({ min: 0, max: 255 })
const sequence = fc.record({
  literals: fc.array(byte, { minLength: 1, maxLength: 300 }),
  distance: fc.integer({ min: 1, max: 400 }),
  length: fc.integer({ min: 4, max: 600 }),
})

/** The plain bytes, decoded into memory with other things around it that must stay as they were. */
function decoded(frame: Uint8Array, size: number): Uint8Array {
  const memory = new Uint8Array(size + 16).fill(0xaa)
  const plain = memory.subarray(8, 8 + size)
  try {
    decompressLz4Frame(frame, plain)
    return plain
  } finally {
    const around = [...memory.subarray(0, 8), ...memory.subarray(8 + size)]
    expect(around.every((byte) => byte === 0xaa)).toBe(true)
  }
}

describe('decompressLz4Frame', () => {
  it('gives what any sequences of literals and matches spell', () => {
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 8 }), fc.array(byte, { maxLength: 40 }), (sequences, last) => {
        const { frame, plain } = encode(sequences, last)
        expect(Array.from(decoded(frame, plain.length))).toEqual(plain)
      }),
      { numRuns: 300 },
    )
  })

  it('throws, and writes nowhere else, on any bytes and any wrong size', () => {
    const { frame, plain } = encode([{ literals: [1, 2, 3], distance: 2, length: 90 }], [9])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(200), (tail, size) => {
        const damaged = Uint8Array.from([...frame.subarray(0, 11), ...tail])
        try {
          expect(decoded(damaged, size)).toHaveLength(size)
        } catch (error) {
          expect((error as Error).message).toMatch(/LZ4/)
        }
      }),
    )
    for (const size of [0, plain.length - 1, plain.length + 1]) {
      expect(() => decoded(frame, size)).toThrow(/LZ4/)
    }
  })
})
