import { describe, expect, it } from 'vitest'
import { budgeted, type Limits, noSpending, sharedBudget } from '../../src/models/budget.js'
import { withRetry } from '../../src/models/retry.js'
import type { Model } from '../../src/models/types.js'
import { LimitError } from '../../src/stream/errors.js'
import { callOf, errorOf } from './calls.js'

/** Answers after a turn of the event loop; tells how many it answered at once at most. */
function slowModel(): Model & { asked: number } {
  const model = {
    id: 'slow',
    asked: 0,
    async ask() {
      model.asked++
      await new Promise((resolve) => setTimeout(resolve, 2))
      return { text: 'yes', finish: 'stop' as const, usage: { promptTokens: 10, completionTokens: 5 } }
    },
  }
  return model
}

const many = (model: Model, calls: number) =>
  Promise.allSettled(Array.from({ length: calls }, (_, ordinal) => model.ask(callOf({ ordinal, maxTokens: 20 }))))

async function spend(limits: Limits, calls = 100) {
  const model = slowModel()
  const spent = noSpending()
  const results = await many(budgeted(model, { limits, price: { input: 1000, output: 2000 }, spent }), calls)
  const answered = results.filter(({ status }) => status === 'fulfilled').length
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(LimitError)
  expect(model.asked).toBe(answered)
  return { answered, spent }
}

describe('a budget', () => {
  it('sends exactly as many requests as it may, however many come at once', async () => {
    expect(await spend({ requests: 7 })).toEqual({
      answered: 7,
      spent: { requests: 7, promptTokens: 70, completionTokens: 35 },
    })
  })

  it('counts calls that outlive their command as they are answered, and holds the limit all the same', async () => {
    const [spent, underWay] = [noSpending(), { requests: 0 }]
    const model = slowModel()
    const asked = sharedBudget({ limits: { requests: 7 }, spent, underWay }, { outlive: true })(model)
    const calls = many(asked, 100)
    expect([spent.requests, underWay.requests]).toEqual([0, 0])
    expect((await calls).filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    expect(model.asked).toBe(7)
    expect(spent).toEqual({ requests: 7, promptTokens: 70, completionTokens: 35 })
  })

  it('counts none that goes on after its command, and each that fails', async () => {
    const spent = noSpending()
    const stop = new AbortController()
    const failing: Model = {
      ...slowModel(),
      ask: async (_call, { stop } = {}) => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        stop?.throwIfAborted()
        throw new Error('no answer')
      },
    }
    const asked = sharedBudget({ spent }, { outlive: true })(failing)
    await expect(asked.ask(callOf({}), { stop: stop.signal })).rejects.toThrow('no answer')
    expect(spent.requests).toBe(1)
    const left = asked.ask(callOf({}), { stop: stop.signal })
    stop.abort(new Error('stopped'))
    await expect(left).rejects.toThrow('stopped')
    expect(spent.requests).toBe(1)
  })

  it('sends nothing more that waits for its share once the run is to stop', async () => {
    const model = slowModel()
    const stop = new AbortController()
    const asked = budgeted(model, { limits: { tokens: 60 }, spent: noSpending() })
    const calls = [0, 1, 2].map((ordinal) => asked.ask(callOf({ ordinal, maxTokens: 40 }), { stop: stop.signal }))
    stop.abort(new Error('stopped'))
    const results = await Promise.allSettled(calls)
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(model.asked).toBe(1)
  })

  it('never passes a limit of tokens or of dollars, and uses most of it', async () => {
    const tokens = await spend({ tokens: 300 })
    expect(tokens.spent.promptTokens + tokens.spent.completionTokens).toBeLessThanOrEqual(300)
    expect(tokens.answered).toBeGreaterThan(15)
    // A call costs 10 × 0.001 + 5 × 0.002 dollars.
    const dollars = await spend({ dollars: 0.2 })
    expect(dollars.answered * 0.02).toBeLessThanOrEqual(0.2)
    expect(dollars.answered).toBeGreaterThan(6)
  })

  it('lets calls in flight finish before it refuses one', async () => {
    const model = slowModel()
    const asking = budgeted(model, { limits: { requests: 1 }, spent: noSpending() })
    const first = asking.ask(callOf())
    let firstDone = false
    void first.then(() => {
      firstDone = true
    })
    const error = await errorOf(asking.ask(callOf({ ordinal: 1 })))
    expect(firstDone).toBe(true)
    expect(error).toMatchObject({ exitCode: 8, message: expect.stringContaining('limit of 1 requests') })
    expect((error as LimitError).fix).toContain('resumes')
  })

  it('has no limit where none is set, and counts tokens that the server does not', async () => {
    const silent: Model = { id: 'silent', ask: async () => ({ text: 'Three words here', finish: 'stop' }) }
    const spent = noSpending()
    await many(budgeted(silent, { spent }), 3)
    expect(spent.requests).toBe(3)
    expect(spent.promptTokens).toBeGreaterThan(9)
    expect(spent.completionTokens).toBe(9)
  })

  it('ends a call that would be asked again, and every attempt counts', async () => {
    const spent = noSpending()
    const cut: Model = { id: 'cut', ask: async () => ({ text: 'and so', finish: 'length' }) }
    await expect(withRetry(budgeted(cut, { limits: { requests: 1 }, spent })).ask(callOf())).rejects.toBeInstanceOf(
      LimitError,
    )
    expect(spent.requests).toBe(1)
  })
})
