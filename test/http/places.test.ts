import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adaptivePlaces, type Ending } from '../../src/http/places.js'

/** Starts as many calls as fit, ends them all alike and tells how many there were; those that wait come with the next round. */
async function round(places: ReturnType<typeof adaptivePlaces>, endingOf: (n: number) => Ending): Promise<number> {
  const leaves: ((ending: Ending) => void)[] = []
  const entering = Array.from({ length: 64 }, async () => leaves.push(await places.enter()))
  await new Promise((resolve) => setImmediate(resolve))
  const fitted = leaves.length
  for (const [n, leave] of leaves.splice(0).entries()) leave(endingOf(n))
  // Whoever waited is let in and goes again without a verdict.
  for (let left = 64 - fitted; left > 0; ) {
    await new Promise((resolve) => setImmediate(resolve))
    left -= leaves.length
    for (const leave of leaves.splice(0)) leave('failed')
  }
  await Promise.all(entering)
  return fitted
}

/** Places whose endpoint has answered once. */
async function openedPlaces(most: number) {
  const places = adaptivePlaces(most)
  const leave = await places.enter()
  leave('answered')
  return places
}

describe('adaptive places', () => {
  it('are eight until the first answer has come', async () => {
    const places = adaptivePlaces(16)
    expect(await round(places, () => 'failed')).toBe(8)
    expect(await round(places, (call) => (call === 7 ? 'answered' : 'failed'))).toBe(8)
    expect(await round(places, () => 'answered')).toBe(16)
  })

  it('are halved with every half window that is overloaded, down to one', async () => {
    const places = await openedPlaces(32)
    const fitted = new Set<number>()
    for (let n = 0; n < 60; n++) fitted.add(await round(places, () => 'overloaded'))
    expect([...fitted]).toEqual([32, 16, 8, 4, 2, 1])
  })

  it('grow by one a round of answers, never above the most', async () => {
    const places = await openedPlaces(32)
    await round(places, () => 'overloaded')
    let answered = 0
    let fitted = 16
    while (fitted < 32 && answered < 2000) {
      fitted = await round(places, () => 'answered')
      answered += fitted
    }
    expect(fitted).toBe(32)
    expect(answered).toBeGreaterThan(16 * 20)
    for (let n = 0; n < 20; n++) expect(await round(places, () => 'answered')).toBe(32)
  })

  it('stay where some calls are overloaded or fail otherwise, less than half of them', async () => {
    const places = await openedPlaces(16)
    for (let n = 0; n < 20; n++) {
      expect(await round(places, (call) => (call < 4 ? 'overloaded' : call < 8 ? 'failed' : 'answered'))).toBe(16)
    }
  })

  it('turn away who waits when its signal aborts, or when all are sent away', async () => {
    const places = adaptivePlaces(1)
    const leave = await places.enter()
    const stop = new AbortController()
    const [stopped, other] = [places.enter(stop.signal), places.enter()]
    stop.abort(new Error('stopped'))
    await expect(stopped).rejects.toThrow('stopped')
    const sentAway = expect(other).rejects.toThrow('refused')
    places.dismiss(new Error('refused'))
    await sentAway
    leave('answered')
    expect(await places.enter()).toBeTypeOf('function')
  })

  it('hold no more than the most and let everyone in, however calls end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.constantFrom<Ending>('answered', 'overloaded', 'failed'), { maxLength: 120 }),
        async (most, endings) => {
          const places = adaptivePlaces(most)
          let inFlight = 0
          let highest = 0
          const calls = endings.map(async (ending) => {
            const leave = await places.enter()
            highest = Math.max(highest, ++inFlight)
            await Promise.resolve()
            inFlight--
            leave(ending)
          })
          await Promise.all(calls)
          expect(highest).toBeLessThanOrEqual(most)
        },
      ),
    )
  })
})
