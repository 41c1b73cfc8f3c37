import { describe, expect, it } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { watchHealth } from '../../src/models/health.js'
import { fakeClock } from '../http/fake-clock.js'

const status = (code: number) => new HttpFailure(`status ${code}`, { retryable: code !== 400, status: code })
const blank = new HttpFailure('reply is blank', { retryable: true, status: 200 })

describe('the health of an endpoint', () => {
  it('lets a hundred retries go ahead, then one a second and one for each answer', async () => {
    const clock = fakeClock()
    const health = watchHealth({ clock })
    for (let n = 0; n < 100; n++) await health.admit(status(500))
    expect(clock.now()).toBe(0)
    for (let n = 0; n < 3; n++) await health.admit(status(503))
    expect(clock.now()).toBeGreaterThanOrEqual(3000)
    const before = clock.now()
    health.answered()
    await health.admit(new HttpFailure('connection cut', { retryable: true }))
    expect(clock.now()).toBe(before)
  })

  it('counts no retry after an answer that could not be used, and no first request while it is up', async () => {
    const clock = fakeClock()
    const health = watchHealth({ clock })
    for (let n = 0; n < 1000; n++) await health.admit(blank)
    for (let n = 0; n < 1000; n++) await health.admit()
    expect(clock.slept).toEqual([])
  })

  it('is down after failures in a row, when first requests count too, and gone after twenty seconds of them', async () => {
    const clock = fakeClock()
    const health = watchHealth({ clock, mostFailuresInARow: 3 })
    for (let n = 0; n < 2; n++) health.failed(status(500))
    health.failed(status(400))
    expect(health.isDown()).toBe(false)
    for (let n = 0; n < 3; n++) health.failed(status(500))
    expect([health.isDown(), health.isGone()]).toEqual([true, false])
    for (let n = 0; n < 121; n++) await health.admit()
    expect(health.isGone()).toBe(true)
    health.answered()
    expect([health.isDown(), health.isGone()]).toEqual([false, false])
  })

  it('asks for short waits while others are answered, and for long ones otherwise', () => {
    const health = watchHealth({ clock: fakeClock() })
    health.failed(status(500))
    expect(health.waits(status(500))).toEqual({ firstMs: 100, mostMs: 2000 })
    expect(health.waits(status(503))).toEqual({ firstMs: 500, mostMs: 2000 })
    for (let n = 0; n < 10; n++) health.failed(blank)
    expect(health.waits(blank)).toEqual({ firstMs: 500, mostMs: 30_000 })
  })
})
