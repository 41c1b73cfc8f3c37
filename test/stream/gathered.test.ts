import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gathered } from '../../src/stream/gathered.js'

describe('gathered bytes', () => {
  it('are the pieces one behind another', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const whole = gathered()
        for (const piece of pieces) whole.add(piece)
        const expected = Buffer.concat(pieces)
        expect(whole.length).toBe(expected.length)
        expect(whole.bytes().equals(expected)).toBe(true)
      }),
    )
  })

  it('change no piece that they were given', () => {
    const memory = new Uint8Array([1, 2, 3, 4])
    const whole = gathered()
    whole.add(memory.subarray(0, 2))
    whole.add(Uint8Array.of(9))
    expect([...whole.bytes()]).toEqual([1, 2, 9])
    expect([...memory]).toEqual([1, 2, 3, 4])
  })
})
