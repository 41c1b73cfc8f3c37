import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapConcurrent } from '../../src/stream/map-concurrent.js'
import { collect, watchedSource } from '../laws.js'

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

describe('mapConcurrent', () => {
  it('keeps as many calls in flight as it may, and no more', async () => {
    let now = 0
    let peak = 0
    const stage = mapConcurrent(
      async (row: { id: string }) => {
        peak = Math.max(peak, ++now)
        await pause(2)
        now--
        return row
      },
      { concurrency: 8 },
    )
    expect(await collect(stage(watchedSource([5, 30, 5]).source))).toHaveLength(40)
    expect(peak).toBe(8)
  })

  it('lets at most `window` rows pile up behind a slow one', async () => {
    let started = 0
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const stage = mapConcurrent(
      async (row: { id: string }) => {
        started++
        if (row.id === 'a#0') await held
        return row
      },
      { concurrency: 2, window: 6 },
    )
    const rows = collect(stage(watchedSource([50]).source))
    await pause(20)
    expect(started).toBe(6)
    release()
    expect(await rows).toHaveLength(50)
  })

  it('lets no more than `waiting` stand in line for a place, and starts another for each that gets one', async () => {
    let line = 0
    let longest = 0
    let held = 0
    const turns: (() => void)[] = []
    const leave = () => {
      held--
      turns.shift()?.()
    }
    const stage = mapConcurrent(
      async (row: { id: string }, underWay) => {
        longest = Math.max(longest, ++line)
        if (held === 4) await new Promise<void>((resolve) => turns.push(resolve))
        held++
        line--
        underWay()
        await pause(2)
        leave()
        return row
      },
      { concurrency: 20, waiting: 3 },
    )
    expect(await collect(stage(watchedSource([50]).source))).toHaveLength(50)
    expect(longest).toBe(3)
  })

  it('goes on where calls are under way as soon as they are started, however many', async () => {
    const stage = mapConcurrent(
      async (row: { id: string }, underWay) => {
        underWay()
        await pause(1)
        return row
      },
      { concurrency: 30_000, waiting: 1 },
    )
    expect(await collect(stage(watchedSource([30_000]).source))).toHaveLength(30_000)
  })

  it('waits for calls in flight before it passes an error on', async () => {
    let finished = 0
    const stage = mapConcurrent(
      async (row: { id: string }) => {
        if (row.id === 'a#1') throw new Error('row 1 broke')
        await pause(10)
        finished++
        return row
      },
      { concurrency: 4 },
    )
    const watched = watchedSource([20])
    await expect(collect(stage(watched.source))).rejects.toThrow('row 1 broke')
    expect(finished).toBe(3)
    expect(watched.closed()).toBe(true)
  })

  it('fails, and does not hang, when the change throws before it returns a promise', async () => {
    const stage = mapConcurrent(
      (): Promise<string> => {
        throw new Error('broke at once')
      },
      { concurrency: 2 },
    )
    await expect(collect(stage(watchedSource([4]).source))).rejects.toThrow('broke at once')
  })

  it('starts no further row after an abort, waits for those in flight, and throws the reason', async () => {
    const controller = new AbortController()
    let started = 0
    let finished = 0
    const stage = mapConcurrent(
      async (row: { id: string }) => {
        if (++started === 4) controller.abort(new Error('stop now'))
        await pause(10)
        finished++
        return row
      },
      { concurrency: 4, signal: controller.signal },
    )
    const watched = watchedSource([100])
    await expect(collect(stage(watched.source))).rejects.toThrow('stop now')
    expect([started, finished]).toEqual([4, 4])
    expect(watched.closed()).toBe(true)
  })

  it('gives every row once and in order for any batches, delays, concurrency and window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        async (sizes, delays, concurrency, extra) => {
          const stage = mapConcurrent(
            async (row: { id: string }) => {
              const n = Number(row.id.slice(2))
              const delay = delays[n % delays.length]!
              if (delay > 0) await pause(delay)
              return n
            },
            { concurrency, window: concurrency + extra },
          )
          const total = sizes.reduce((sum, size) => sum + size, 0)
          expect(await collect(stage(watchedSource(sizes).source))).toEqual(Array.from({ length: total }, (_, n) => n))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('says what it expected of its options', () => {
    const id = async (row: unknown) => row
    expect(() => mapConcurrent(id, { concurrency: 0 })).toThrow(
      'Expected `concurrency` to be an integer from 1 up, got `0`',
    )
    expect(() => mapConcurrent(id, { concurrency: 4, window: 3 })).toThrow(
      '`window` to be an integer from `concurrency` (4) up',
    )
  })
})
