import { describe, expect, it } from 'vitest'
import { listenToPleas } from '../../src/http/pleas.js'
import { fakeClock } from './fake-clock.js'

describe('a plea for peace', () => {
  it('holds for every call until it is over', async () => {
    const clock = fakeClock()
    const pleas = listenToPleas(clock)
    pleas.refused(pleas.send(), 3000)
    await Promise.all([pleas.pass(), pleas.pass()])
    expect(clock.now()).toBe(3000)
    await pleas.pass()
    expect(clock.now()).toBe(3000)
  })

  it('is lifted where calls sent after the refused one are answered, and holds where they are refused', async () => {
    for (const isLifted of [true, false]) {
      const clock = fakeClock()
      const pleas = listenToPleas(clock)
      const [before, refused, ...after] = [pleas.send(), pleas.send(), pleas.send(), pleas.send()]
      pleas.refused(refused!, 5000)
      // What was sent before the refused one tells nothing.
      pleas.answered(before!)
      for (const order of after) isLifted ? pleas.answered(order) : pleas.refused(order, 4000)
      await pleas.pass()
      expect(clock.now()).toBe(isLifted ? 0 : 5000)
    }
  })

  it('lets go of a call whose run was stopped', async () => {
    const pleas = listenToPleas({ now: Date.now, sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) })
    pleas.refused(pleas.send(), 60)
    const stop = new AbortController()
    const waiting = pleas.pass(stop.signal)
    stop.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
    await pleas.pass()
  })
})
