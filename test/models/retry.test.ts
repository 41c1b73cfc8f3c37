import { afterEach, describe, expect, it } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { limited } from '../../src/models/limit.js'
import { openaiModel } from '../../src/models/openai.js'
import { withRetry } from '../../src/models/retry.js'
import { CallFailure, type Model, type Reply } from '../../src/models/types.js'
import { EndpointError, RefusedError } from '../../src/stream/errors.js'
import { fakeClock } from '../http/fake-clock.js'
import {
  defaultReply,
  type Fault,
  type OpenAiServer,
  type ServerOptions,
  startOpenAiServer,
} from '../server/openai-server.mjs'
import { callOf, errorOf } from './calls.js'

const servers: OpenAiServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(options: ServerOptions = {}): Promise<OpenAiServer> {
  const server = await startOpenAiServer(options)
  servers.push(server)
  return server
}

const patient = (endpoint: string) => withRetry(openaiModel('tiny', { endpoint }), { clock: fakeClock() })

describe('a model with retry', () => {
  it.each<Fault>([
    '429',
    '500',
    '503',
    'loading',
    'reset',
    'cut',
    'html',
    'empty',
    'no-choices',
    'blank',
    'bad-json',
    'bad-finish',
  ])('gets its answer after three times %s', async (fault) => {
    const server = await start({ script: (attempt) => (attempt <= 3 ? fault : undefined), reply: () => 'At last.' })
    expect((await patient(server.url).ask(callOf())).text).toBe('At last.')
    expect([server.seen.length, server.totalPaid]).toEqual([4, 1])
  })

  it('fails one row after eight attempts, with what came last', async () => {
    const server = await start({ script: (attempt) => (attempt % 2 === 0 ? '503' : 'html') })
    const error = await errorOf(patient(server.url).ask(callOf()))
    expect(error).toBeInstanceOf(CallFailure)
    expect(error).toMatchObject({ attempts: 8, status: 503, reason: 'status 503' })
    // What a row's `error` column has: each thing said once.
    expect(error.message.match(/status 503/g)).toHaveLength(1)
  })

  it.each<Fault>(['400', 'context', '501'])('fails one row at once where the server answers %s', async (fault) => {
    const server = await start({ script: () => fault })
    expect(await errorOf(patient(server.url).ask(callOf()))).toMatchObject({ name: 'CallFailure', attempts: 1 })
    expect(server.seen).toHaveLength(1)
  })

  it.each<Fault>(['401', '404'])('stops the run at the first %s', async (fault) => {
    const server = await start({ script: () => fault })
    const error = await errorOf(patient(server.url).ask(callOf()))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).not.toContain('LEAKCANARY')
    expect(server.seen).toHaveLength(1)
  })

  it('stops the run at a redirect, which it does not follow', async () => {
    const server = await start({ script: () => 'redirect' })
    const error = await errorOf(patient(server.url).ask(callOf()))
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.message).toContain('127.0.0.1:9/elsewhere')
  })

  it('stops the run where nothing listens', async () => {
    const clock = fakeClock()
    const model = withRetry(openaiModel('tiny', { endpoint: 'http://127.0.0.1:9/v1' }), { clock })
    expect(await errorOf(model.ask(callOf()))).toBeInstanceOf(EndpointError)
    expect(clock.slept).toHaveLength(3)
  })

  it('stops the run, and loses no row, when everything fails for long', async () => {
    const server = await start({ script: () => '500' })
    const model = patient(server.url)
    const errors = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((n) => errorOf(model.ask(callOf({ rowId: `${n}` })))))
    expect(errors.some((error) => error instanceof EndpointError)).toBe(true)
    expect(errors.filter((error) => error instanceof CallFailure).length).toBeLessThan(8)
    // Fifty in a row are enough, and a call that has used up its attempts tells.
    expect(server.seen.length).toBeGreaterThanOrEqual(50)
    expect(server.seen.length).toBeLessThanOrEqual(64)
  })

  it('stops the run where more than ten minutes of peace are asked for', async () => {
    const server = await start({ script: () => '429-after', retryAfterS: 3600 })
    const error = await errorOf(patient(server.url).ask(callOf()))
    expect(error).toBeInstanceOf(EndpointError)
    expect((error as EndpointError).fix).toContain('60 minutes')
  })

  it.each<Fault>(['429-after', '429-ms', '429-reset', '429-ratelimit'])(
    'comes back no sooner than %s asks',
    async (fault) => {
      const server = await start({ script: (attempt) => (attempt === 1 ? fault : undefined), retryAfterS: 0.4 })
      const model = withRetry(limited(openaiModel('tiny', { endpoint: server.url }), { concurrency: 4 }), {
        random: () => 0,
      })
      await Promise.all(Array.from({ length: 12 }, (_, n) => model.ask(callOf({ rowId: `${n}` }))))
      expect([server.violations, server.totalPaid]).toEqual([0, 12])
    },
  )

  it('asks once more with twice the tokens where a reply was cut off', async () => {
    const server = await start({ reply: () => 'One. Two.', script: once('length') })
    expect((await patient(server.url).ask(callOf({ maxTokens: 40 }))).text).toBe('One. Two.')
    expect(server.seen.map(({ body }) => body.max_tokens)).toEqual([40, 80])
  })

  it('fails the row where a reply is cut off twice', async () => {
    const server = await start({ script: () => 'length' })
    expect(await errorOf(patient(server.url).ask(callOf()))).toMatchObject({ reason: 'reply cut off', attempts: 2 })
  })

  it('hands on a reply that was cut off where the call keeps those', async () => {
    const server = await start({ reply: () => 'One. Two.', script: () => 'length' })
    const reply = await patient(server.url).ask(callOf({ keepCutOff: true }))
    expect(reply.finish).toBe('length')
    expect(server.seen).toHaveLength(1)
  })

  it('takes nothing for an answer that is not one, at 30 % faults', async () => {
    const kinds: Fault[] = ['429', '500', '503', 'reset', 'cut', 'html', 'empty', 'no-choices', 'bad-json', 'length']
    const server = await start({ faults: Object.fromEntries(kinds.map((kind) => [kind, 0.03])), seed: 5 })
    const model = limited(patient(server.url), { concurrency: 16 })
    const calls = Array.from({ length: 200 }, (_, n) =>
      callOf({ rowId: `${n}`, messages: [{ role: 'user', content: `Row number ${n}` }] }),
    )
    const replies = await Promise.all(calls.map((call) => model.ask(call).catch((error) => error)))
    const wrong = replies.filter((reply, n) => {
      const request = { messages: [...calls[n]!.messages], stream: false }
      const right = [50, 100].map((max_tokens) => defaultReply({ ...request, max_tokens }))
      return !(reply instanceof CallFailure) && !right.includes(reply.text)
    })
    expect(wrong).toEqual([])
    expect(replies.filter((reply) => reply instanceof CallFailure).length).toBeLessThan(5)
    expect([...server.paid.values()].every((paid) => paid === 1)).toBe(true)
    expect(server.faulted.size).toBe(kinds.length)
  })

  it('passes on an error of our own as it is', async () => {
    const model: Model = { id: 'x', ask: async () => Promise.reject(new RangeError('a bug')) }
    await expect(withRetry(model, { clock: fakeClock() }).ask(callOf())).rejects.toThrow(RangeError)
  })
})

describe('a limited model', () => {
  it('asks as many at once as allowed, in the order of arrival', async () => {
    const order: string[] = []
    let inFlight = 0
    let most = 0
    const slow: Model = {
      id: 'slow',
      async ask({ rowId }): Promise<Reply> {
        order.push(rowId)
        most = Math.max(most, ++inFlight)
        await new Promise((resolve) => setTimeout(resolve, 2))
        inFlight--
        return { text: rowId, finish: 'stop' }
      },
    }
    const model = limited(slow, { concurrency: 3 })
    const rows = Array.from({ length: 20 }, (_, n) => `${n}`)
    await Promise.all(rows.map((rowId) => model.ask(callOf({ rowId }))))
    expect(most).toBe(3)
    expect(order).toEqual(rows)
  })

  it('gives a place back when a call fails', async () => {
    const failing: Model = { id: 'f', ask: async () => Promise.reject(new Error('no')) }
    const model = limited(failing, { concurrency: 1 })
    for (let n = 0; n < 3; n++) await expect(model.ask(callOf())).rejects.toThrow('no')
  })

  it('spreads its requests over the minute', async () => {
    const clock = fakeClock()
    const starts: number[] = []
    const instant: Model = {
      id: 'i',
      async ask() {
        starts.push(clock.now())
        return { text: 'x', finish: 'stop' }
      },
    }
    const model = limited(instant, { concurrency: 1, requestsPerMinute: 120, clock })
    for (let n = 0; n < 5; n++) await model.ask(callOf())
    expect(starts).toEqual([0, 500, 1000, 1500, 2000])
  })

  it('spreads its tokens over the minute, by what replies really took', async () => {
    const clock = fakeClock()
    const starts: number[] = []
    const short: Model = {
      id: 's',
      async ask() {
        starts.push(clock.now())
        return { text: 'x', finish: 'stop', usage: { promptTokens: 10, completionTokens: 90 } }
      },
    }
    const model = limited(short, { concurrency: 1, tokensPerMinute: 6000, requestsPerMinute: 600, clock })
    for (let n = 0; n < 4; n++) await model.ask(callOf({ maxTokens: 5000 }))
    expect(starts.map(Math.round)).toEqual([0, 1000, 2000, 3000])
  })

  it('lets those go who wait for tokens as soon as a reply gives some back', async () => {
    const server = await start({ reply: () => 'Yes.', tokensOf: () => 1 })
    const model = limited(openaiModel('tiny', { endpoint: server.url }), { concurrency: 4, tokensPerMinute: 60_000 })
    // Each might take a minute's tokens, and takes two: without those that come back this would last three minutes.
    await Promise.all(['a', 'b', 'c', 'd'].map((rowId) => model.ask(callOf({ rowId, maxTokens: 60_000 }))))
    expect(server.totalPaid).toBe(4)
  })

  it('sends fewer at once to a server that is overloaded, and loses no call', async () => {
    const server = await start({ latencyMs: 5, most: 4 })
    const model = withRetry(limited(openaiModel('tiny', { endpoint: server.url }), { concurrency: 32 }), {
      // Short waits want more of them.
      random: () => 0.02,
      attempts: 20,
    })
    const calls = Array.from({ length: 400 }, (_, n) => callOf({ rowId: `${n}` }))
    await mapAll(calls, 32, (call) => model.ask(call))
    const last = server.seen.length
    expect(server.totalPaid).toBe(400)
    // At 32 in flight seven of eight would be refused.
    expect(server.faulted.get('429')).toBeLessThan(last / 2)
  })

  it('leaves the endpoint alone for as long as it asks', async () => {
    const clock = fakeClock()
    const starts: number[] = []
    const busy: Model = {
      id: 'b',
      async ask() {
        starts.push(clock.now())
        if (starts.length === 1)
          throw new HttpFailure('status 429', { retryable: true, status: 429, retryAfterMs: 7000 })
        return { text: 'x', finish: 'stop' }
      },
    }
    const model = limited(busy, { concurrency: 1, clock })
    const answers = ['a', 'b', 'c'].map((rowId) => model.ask(callOf({ rowId })).catch((error) => error))
    await Promise.all(answers)
    expect(starts).toEqual([0, 7000, 7000])
  })
})

/** Calls `ask` for every call, so many at once. */
async function mapAll<T>(calls: readonly T[], atOnce: number, ask: (call: T) => Promise<unknown>): Promise<void> {
  const left = calls.values()
  const worker = async () => {
    for (const call of left) await ask(call)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

function once(fault: Fault): (attempt: number, path: string) => Fault | undefined {
  let done = false
  return () => {
    if (done) return undefined
    done = true
    return fault
  }
}
