import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { balanced } from '../../src/models/balanced.js'
import { limited } from '../../src/models/limit.js'
import { openaiModel } from '../../src/models/openai.js'
import { recorded } from '../../src/models/record.js'
import { withRetry } from '../../src/models/retry.js'
import type { Model } from '../../src/models/types.js'
import { EndpointError } from '../../src/stream/errors.js'
import { type OpenAiServer, type ServerOptions, startOpenAiServer } from '../server/openai-server.mjs'
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

/** One model at some servers, a few calls at each. */
function at(...some: [OpenAiServer, ...OpenAiServer[]]): Model {
  const models = some.map(({ url }) => limited(openaiModel('tiny', { endpoint: url }), { concurrency: 4 }))
  return withRetry(balanced(models as [Model, ...Model[]], { atOnce: 4 }), { random: () => 0.1 })
}

const askAll = (model: Model, rows: number) =>
  Promise.all(Array.from({ length: rows }, (_, n) => model.ask(callOf({ rowId: `${n}` }))))

describe('a model at several endpoints', () => {
  it('is asked more where it answers sooner, and never by more at once than each may have', async () => {
    const [fast, slow] = [await start({ latencyMs: 5 }), await start({ latencyMs: 400 })]
    await askAll(at(slow, fast), 120)
    expect(slow.totalPaid + fast.totalPaid).toBe(120)
    expect(slow.totalPaid).toBeGreaterThan(0)
    expect(fast.totalPaid).toBeGreaterThan(slow.totalPaid)
    expect(Math.max(fast.mostInFlight, slow.mostInFlight)).toBeLessThanOrEqual(4)
  })

  it('loses no call where one of them dies, and hardly asks it any more', async () => {
    let asked = 0
    const dying = await start({ script: () => (++asked > 10 ? 'reset' : undefined), latencyMs: 2 })
    const well = await start({ latencyMs: 2 })
    await askAll(at(dying, well), 300)
    expect(dying.totalPaid + well.totalPaid).toBe(300)
    expect(dying.seen.length).toBeLessThan(40)
  })

  it('answers a lone call where another endpoint refuses connections, which is hardly asked', async () => {
    const well = await start()
    let tries = 0
    const dead = openaiModel('tiny', { endpoint: 'http://127.0.0.1:9/v1' })
    const ask: Model['ask'] = (...call) => {
      tries++
      return dead.ask(...call)
    }
    const counted = { ...dead, ask }
    const more = [dead, dead, dead, dead].map((model) => limited(model, { concurrency: 4 }))
    const model = withRetry(balanced([counted, ...more, openaiModel('tiny', { endpoint: well.url })], { atOnce: 4 }))
    for (let n = 0; n < 20; n++) await model.ask(callOf({ rowId: `${n}` }))
    expect(well.totalPaid).toBe(20)
    expect(tries).toBe(1)
  })

  it('stops the run where none of them can be reached', async () => {
    const dead = openaiModel('tiny', { endpoint: 'http://127.0.0.1:9/v1' })
    const error = await errorOf(withRetry(balanced([dead, dead], { atOnce: 4 }), { random: () => 0 }).ask(callOf()))
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.message).toContain('cannot be reached')
  })

  it('has the id of the first, whoever answers, and closes all', async () => {
    const closed: string[] = []
    const named = (id: string): Model => ({
      ...{ id, ask: async () => ({ text: id, finish: 'stop' }) },
      close: async () => void closed.push(id),
    })
    const model = balanced([named('a'), named('b')], { atOnce: 1 })
    const texts = await Promise.all([0, 1, 2, 3].map((ordinal) => model.ask(callOf({ ordinal }))))
    expect(new Set(texts.map(({ text }) => text))).toEqual(new Set(['a', 'b']))
    expect(model.id).toBe('a')
    await model.close!()
    expect(closed).toEqual(['a', 'b'])
  })
  it('closes all, and writes what was recorded, where closing one of them fails', async () => {
    const closed: string[] = []
    const named = (id: string): Model => ({
      ...{ id, ask: async () => ({ text: id, finish: 'stop' }) },
      async close() {
        closed.push(id)
        if (id === 'a') throw new Error('a stays open')
      },
    })
    const folder = await mkdtemp(join(tmpdir(), 'sluice-balanced-'))
    try {
      const path = join(folder, 'recording.jsonl')
      const model = recorded(balanced([named('a'), named('b')], { atOnce: 1 }), path)
      await model.ask(callOf())
      expect((await errorOf(model.close!())).message).toBe('a stays open')
      expect(closed).toEqual(['a', 'b'])
      expect(await readFile(path, 'utf8')).toContain('"finish":"stop"')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
