import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateLimitMs } from '../../src/http/rate-limit.js'

const now = Date.parse('2025-03-01T12:00:00Z')

describe('headers of a rate limit', () => {
  it.each([
    [{ ratelimit: '"default";r=0;t=30' }, 30_000],
    [{ ratelimit: '"burst";r=0;t=7, "daily";r=80;t=40000' }, 7000],
    [{ ratelimit: '"burst";r=0;t=7, "daily";r=0;t=90' }, 90_000],
    [{ ratelimit: '"burst";r=0', 'ratelimit-policy': '"burst";q=10;w=60' }, 60_000],
    [{ ratelimit: '"burst";r=0', 'ratelimit-policy': '"other";q=10;w=60' }, undefined],
    [{ ratelimit: '"burst";r=3;t=7' }, undefined],
    [{ ratelimit: 'limit=100, remaining=0, reset=5', 'ratelimit-policy': '100;w=60' }, 5000],
    [{ ratelimit: 'limit=100, remaining=9, reset=5' }, undefined],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '12' }, 12_000],
    [{ 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
    [{ 'x-ratelimit-reset-tokens': '120ms' }, 120],
    [{ 'x-ratelimit-reset-tokens': '1h2m3.5s' }, 3_723_500],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2s' }, 2000],
    [{ 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-reset-requests': '2s' }, undefined],
    [{ 'x-ratelimit-reset': `${now / 1000 + 45}` }, 45_000],
    [{ 'x-ratelimit-reset': '45' }, 45_000],
    [{ 'x-ratelimit-reset': '2025-03-01T12:00:09Z' }, 9000],
    [{ 'x-ratelimit-reset': '2025-03-01T11:00:00Z' }, 0],
    [{ 'x-ratelimit-reset': 'soon' }, undefined],
    [{}, undefined],
  ])('%j mean %s ms', (headers, expected) => {
    expect(rateLimitMs(headers, now)).toBe(expected)
  })

  it('never mean a time that is negative or no number, whatever a server writes', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9=;,."ms ]{0,40}$/))
    fc.assert(
      fc.property(text, text, (limit, reset) => {
        const headers = { ratelimit: limit, 'ratelimit-policy': reset, 'x-ratelimit-reset-tokens': reset }
        expect(rateLimitMs(headers, now) ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
