import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { retrying } from '../../src/http/retry.js'
import { retryAfterMs } from '../../src/http/retry-after.js'
import { fakeClock } from './fake-clock.js'

const busy = (retryAfterMs?: number) => new HttpFailure('status 503', { retryable: true, status: 503, retryAfterMs })

describe('retrying', () => {
  it('waits a random part of 0.5 s, 1 s, 2 s and so on, up to 30 s', async () => {
    const clock = fakeClock()
    let asked = 0
    const answer = await retrying(
      async (attempt) => {
        asked++
        if (attempt < 8) throw busy()
        return attempt
      },
      { clock, random: () => 0.5 },
    )
    expect([answer, asked]).toEqual([8, 8])
    expect(clock.slept).toEqual([250, 500, 1000, 2000, 4000, 8000, 15000])
  })

  it('gives up with the last failure when its attempts are used up', async () => {
    const clock = fakeClock()
    await expect(retrying(async () => Promise.reject(busy()), { clock, attempts: 3 })).rejects.toThrow('status 503')
    expect(clock.slept).toHaveLength(2)
  })

  it('asks once where asking again cannot help', async () => {
    const refused = new HttpFailure('status 400', { retryable: false, status: 400 })
    let asked = 0
    const request = async () => {
      asked++
      throw refused
    }
    await expect(retrying(request, { clock: fakeClock() })).rejects.toBe(refused)
    expect(asked).toBe(1)
  })

  it('never comes before the Retry-After is over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 600_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (asked, r) => {
          const clock = fakeClock()
          await retrying(async (attempt) => (attempt === 1 ? Promise.reject(busy(asked)) : attempt), {
            clock,
            random: () => r,
          })
          expect(clock.slept[0]).toBeGreaterThanOrEqual(asked)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('does not wait where more than ten minutes are asked for', async () => {
    const clock = fakeClock()
    await expect(retrying(async () => Promise.reject(busy(600_001)), { clock })).rejects.toThrow('status 503')
    expect(clock.slept).toEqual([])
  })

  it('stops waiting when the signal aborts', async () => {
    const controller = new AbortController()
    const request = async () => {
      setTimeout(() => controller.abort(new Error('enough')), 5)
      throw busy(60_000)
    }
    await expect(retrying(request, { signal: controller.signal })).rejects.toThrow('enough')
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2025-03-01T12:00:00Z')
  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sat, 01 Mar 2025 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 01 Mar 2025 11:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    [{ 'retry-after': '-3' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('%j means %s ms', (headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected)
  })
})
