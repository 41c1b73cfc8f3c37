import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adaptivePlaces, type Ending } from '../../src/models/places.js'

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

describe('adaptive places', () => {
  it('are halved once a round in which everything is overloaded, down to one', async () => {
    const places = adaptivePlaces(16)
    const fitted: number[] = []
    for (let n = 0; n < 5; n++) fitted.push(await round(places, () => 'overloaded'))
    expect(fitted).toEqual([16, 8, 4, 2, 1])
    expect(await round(places, () => 'answered')).toBe(1)
  })

  it('grow by one a window of answers, never above the most', async () => {
    const places = adaptivePlaces(12)
    await round(places, () => 'overloaded')
    let answered = 0
    let fitted = 6
    while (fitted < 12 && answered < 1000) {
      fitted = await round(places, () => 'answered')
      answered += fitted
    }
    expect(fitted).toBe(12)
    expect(answered).toBeGreaterThan(6 * 10)
    for (let n = 0; n < 20; n++) expect(await round(places, () => 'answered')).toBe(12)
  })

  it('stay where now and then one call is overloaded or fails otherwise', async () => {
    const places = adaptivePlaces(16)
    for (let n = 0; n < 20; n++) {
      expect(await round(places, (call) => (call === 3 ? 'overloaded' : call < 8 ? 'failed' : 'answered'))).toBe(16)
    }
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
