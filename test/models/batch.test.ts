import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BatchOptions, batchedModel } from '../../src/models/batch/batched.js'
import { listBatches } from '../../src/models/batch/store.js'
import { carefree } from '../../src/models/health.js'
import { journalled, openJournal } from '../../src/models/journal.js'
import { callKey } from '../../src/models/key.js'
import { openaiModel } from '../../src/models/openai.js'
import { withRetry } from '../../src/models/retry.js'
import { type Call, CallFailure, type Model } from '../../src/models/types.js'
import { EndpointError, RefusedError } from '../../src/stream/errors.js'
import {
  type BatchServer,
  type BatchServerOptions,
  type LineFault,
  type StepFault,
  startBatchServer,
} from '../server/batch-server.mjs'
import { callOf, errorOf } from './calls.js'

let folder: string
let closing: (() => Promise<unknown>)[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-batch-'))
  closing = [() => rm(folder, { recursive: true, force: true })]
})
afterEach(async () => {
  for (const close of closing.reverse()) await close()
})

const reply = ({ messages }: { messages: { content: string }[] }) => `About ${messages[0]!.content}`

async function start(options: BatchServerOptions = {}): Promise<BatchServer> {
  const server = await startBatchServer({ reply, ...options })
  closing.push(() => server.close())
  return server
}

async function open(server: BatchServer, options: Partial<BatchOptions> = {}): Promise<Model> {
  const model = await batchedModel('tiny', {
    ...{ endpoint: server.url, folder, pollMs: 10, gatherMs: 100 },
    ...options,
  })
  closing.push(() => model.close!())
  return model
}

/** As a run asks it. */
const asRun = (model: Model) => withRetry(model, { attempts: 3, health: carefree })

const calls = (count: number): Call[] =>
  Array.from({ length: count }, (_, n) =>
    callOf({ rowId: `a#${n}`, messages: [{ role: 'user', content: `item ${n} — ${'ü'.repeat(n % 5)}` }] }),
  )

const textOf = ({ messages }: Call) => `About ${messages[0]!.content}`

async function expectAll(model: Model, asked: readonly Call[]): Promise<void> {
  const replies = await Promise.all(asked.map((call) => model.ask(call)))
  expect(replies.map(({ text }) => text)).toEqual(asked.map(textOf))
}

const timesPaid = (server: BatchServer) => [...server.paid.values()]

describe('a model asked in batches', () => {
  it('sends the calls that come together as one, and gives each its own reply', async () => {
    const server = await start()
    const model = await open(server)
    await expectAll(model, calls(50))
    expect([...server.batches.values()].map(({ lines }) => lines.length)).toEqual([50])
    const { id } = openaiModel('tiny', { endpoint: server.url })
    expect(model.id).toBe(id)
    const [line] = server.batches.get('batch_1')!.lines
    expect(JSON.parse(line!)).toEqual({
      custom_id: callKey(id, calls(1)[0]!),
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'tiny', messages: calls(1)[0]!.messages, max_tokens: 50, stream: false },
    })
    expect(timesPaid(server)).toEqual(Array(50).fill(1))
  })

  it('sends a batch when it is full, and the next beside it', async () => {
    const server = await start()
    await expectAll(await open(server, { requests: 20 }), calls(50))
    // Which of them is there first is up to the disk.
    expect([...server.batches.values()].map(({ lines }) => lines.length).sort((a, b) => b - a)).toEqual([20, 20, 10])
  })

  it('takes an endpoint that names the chat, and sends the key with everything', async () => {
    const server = await start()
    const model = await open(server, { endpoint: `${server.url}/chat/completions`, apiKey: 'sk-CANARY-123' })
    await expectAll(model, calls(3))
    const written = await readdir(folder)
    expect(written.filter((name) => name.endsWith('.results.jsonl'))).toHaveLength(1)
    expect(written.some((name) => name.endsWith('.requests.jsonl'))).toBe(false)
  })
})

describe('a model asked in batches for log-probabilities', () => {
  it('says that there are none', async () => {
    const model = await open(await start())
    const score = { prompt: 'a', continuation: 'b', rowId: 'a#0', stage: 'ifd' }
    expect(await errorOf(model.score!(score))).toMatchObject({ fix: 'Leave --batch out.' })
  })
})

describe('what a batch leaves without an answer', () => {
  const lineFaults = (faults: Record<string, LineFault[]>): BatchServerOptions => {
    const keys = new Map<string, LineFault[]>()
    return {
      lineFault: (key, attempt) => keys.get(key)?.[attempt - 1],
      onRequest: () => {
        for (const [n, list] of Object.entries(faults)) {
          keys.set(callKey(openaiIdOf(current!), calls(Number(n) + 1).at(-1)!), list)
        }
        return undefined
      },
    }
  }
  let current: BatchServer | undefined
  const openaiIdOf = (server: BatchServer) => openaiModel('tiny', { endpoint: server.url }).id

  it('goes into the next one, three times at most, and alone', async () => {
    current = await start(
      lineFaults({
        0: ['500'],
        1: ['missing', 'expired'],
        2: ['expired', '500', 'missing'],
        3: ['400'],
        4: ['length'],
      }),
    )
    const model = asRun(await open(current))
    const outcomes = await Promise.all(calls(10).map((call) => model.ask(call).catch((error) => error)))
    const failed = outcomes.map((outcome) => (outcome instanceof CallFailure ? outcome : undefined))
    expect(outcomes[0].text).toBe(textOf(calls(1)[0]!))
    expect(outcomes[1].text).toBe(textOf(calls(2)[1]!))
    expect(failed[2]).toMatchObject({ reason: 'not among the results', attempts: 3 })
    expect(failed[3]).toMatchObject({ reason: 'status 400', status: 400, attempts: 1 })
    // Cut off, and asked for again with twice the tokens.
    expect(outcomes[4].text).toBe(textOf(calls(5)[4]!))
    expect(failed.filter(Boolean)).toHaveLength(2)
    expect([...current.batches.values()].map(({ lines }) => lines.length)).toEqual([10, 4, 2])
    expect(timesPaid(current).every((times) => times === 1)).toBe(true)
  })

  it.each(['expired', 'cancelled', 'failed'] as const)('is asked for again where the batch is %s', async (end) => {
    const server = await start({ endOf: (number) => (number === 1 ? end : 'completed') })
    await expectAll(asRun(await open(server)), calls(30))
    const [first, second] = [...server.batches.values()].map(({ lines }) => lines.length)
    expect(first).toBe(30)
    if (end === 'failed') expect(second).toBe(30)
    else expect(second).toBeLessThan(30)
    expect(timesPaid(server)).toEqual(Array(30).fill(1))
  })

  it('waits with a batch that the account has no room for', async () => {
    const server = await start({
      endOf: (number) => (number < 4 ? 'full' : 'completed'),
      // The answer to the second try is lost.
      fault: (step, count) => (step === 'POST /batches' && count === 2 ? 'lost' : undefined),
    })
    const notes: string[] = []
    await expectAll(await open(server, { note: (text) => notes.push(text) }), calls(10))
    expect(notes.filter((text) => text.includes('has to wait'))).toHaveLength(3)
    expect([...server.batches.values()].map(({ lines }) => lines.length)).toEqual([10, 10, 10, 10])
    expect(timesPaid(server)).toEqual(Array(10).fill(1))
  })

  it('is told of without the key and without what a terminal would obey', async () => {
    const server = await start({ endOf: (number) => (number === 1 ? 'failed' : 'completed') })
    const notes: string[] = []
    const model = await open(server, { apiKey: 'sk-CANARY-123', note: (text) => notes.push(text) })
    await expectAll(asRun(model), calls(2))
    expect(notes.join('\n')).toMatch(/batch_1 is failed: Not this batch of \[redacted\]/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(notes.join('')).not.toMatch(/CANARY|[\u0000-\u001f]/)
  })

  it('fails row by row where no batch ever works', async () => {
    const server = await start({ endOf: () => 'failed' })
    const model = asRun(await open(server))
    for (const outcome of await Promise.all(calls(5).map((call) => errorOf(model.ask(call))))) {
      expect(outcome).toMatchObject({ name: 'CallFailure', attempts: 3 })
    }
    expect(server.batches.size).toBe(3)
  })
})

describe('an endpoint that fails', () => {
  const steps = ['POST /files', 'POST /batches', 'GET /batches/ID', 'GET /files/ID/content']
  const cases = steps.flatMap((step) => (['500', 'unsent', 'lost'] as const).map((fault) => [fault, step] as const))
  it.each<readonly [StepFault, string]>([
    ...cases,
    ['cut', 'GET /files/ID/content'],
    ['short', 'GET /files/ID/content'],
  ])('with "%s" at %s is asked again, and paid once', async (fault, step) => {
    const server = await start({ fault: (at, count) => (at === step && count === 1 ? fault : undefined) })
    await expectAll(await open(server), calls(20))
    expect(timesPaid(server)).toEqual(Array(20).fill(1))
    expect(server.batches.size).toBe(1)
  })

  it('finds a batch whose answer was lost behind many others, also where the server keeps no names', async () => {
    for (const hidesMetadata of [false, true]) {
      const server = await start({
        hidesMetadata,
        fault: (step, count) => (step === 'POST /batches' && count === 6 ? 'lost' : undefined),
      })
      const model = await open(server, { requests: 2, folder: join(folder, String(hidesMetadata)) })
      await expectAll(model, calls(12))
      expect(server.batches.size).toBe(6)
      expect(timesPaid(server)).toEqual(Array(12).fill(1))
    }
  })

  it.each([
    ['401', /refuses the key/, /Check the key/],
    ['404', /does not know/, /--batch/],
  ] as const)('with %s ends the run at once', async (status, message, fix) => {
    const server = await start({ fault: () => status })
    const model = await open(server)
    const errors = await Promise.all(calls(3).map((call) => errorOf(asRun(model).ask(call))))
    for (const error of errors) {
      expect(error).toBeInstanceOf(RefusedError)
      expect(error.message).toMatch(message)
      expect((error as RefusedError).fix).toMatch(fix)
    }
    expect(await errorOf(model.ask(calls(5)[4]!))).toBe(errors[0])
    expect(server.seen).toHaveLength(1)
  })

  it('that is gone for good ends the run, which can be gone on with', async () => {
    const server = await start({ fault: (step) => (step === 'POST /files' ? 'unsent' : undefined) })
    const model = await open(server, { clock: { now: () => 0, sleep: async () => {} } })
    const [error] = await Promise.all(calls(2).map((call) => errorOf(model.ask(call))))
    expect(error).toBeInstanceOf(EndpointError)
  }, 60_000)
})

describe('calls that are given up', () => {
  it('are asked for again by whoever wants them later, of a batch that was not sent too', async () => {
    const server = await start()
    const model = await open(server)
    const stop = new AbortController()
    const asked = calls(5).map((call) => errorOf(model.ask(call, { stop: stop.signal })))
    // Gathered by now, and about to be written.
    while ((await listBatches(folder)).length === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort(new Error('enough'))
    await Promise.all(asked)
    await expectAll(model, calls(8))
    expect(timesPaid(server)).toEqual(Array(8).fill(1))
  })
})

describe('a run that stops', () => {
  it('hands its calls back at once, and sends nothing of what it was still gathering', async () => {
    const server = await start()
    const model = await open(server, { gatherMs: 60_000 })
    const stop = new AbortController()
    const asked = calls(5).map((call) => errorOf(model.ask(call, { stop: stop.signal })))
    stop.abort(new Error('enough'))
    for (const error of await Promise.all(asked)) expect(error.message).toBe('enough')
    await model.close!()
    expect(server.seen).toEqual([])
    expect(await listBatches(folder)).toEqual([])
  })

  it('leaves its batch to go on, which the next one collects, whatever it asks beside', async () => {
    const server = await start({ looks: 6 })
    const model = await open(server)
    const stop = new AbortController()
    const asked = calls(20).map((call) => errorOf(model.ask(call, { stop: stop.signal })))
    while (!server.seen.includes('GET /batches/ID')) await new Promise((resolve) => setTimeout(resolve, 5))
    stop.abort(new Error('enough'))
    await Promise.all(asked)
    await model.close!()
    expect(await listBatches(folder)).toMatchObject([{ requests: 20, id: 'batch_1' }])
    const again = await open(server)
    await expectAll(again, calls(30))
    expect([...server.batches.values()].map(({ lines }) => lines.length)).toEqual([20, 10])
    expect(timesPaid(server)).toEqual(Array(30).fill(1))
  })

  it('takes up results that were fetched and not handed out, and forgets them once they are in the journal', async () => {
    const server = await start({ lineFault: (_, attempt) => (attempt === 1 ? undefined : '500') })
    await expectAll(await open(server), calls(20))
    // As after a crash between the two: nothing was journalled.
    const journal = await openJournal(join(folder, 'journal'))
    closing.push(() => journal.close())
    const isKept = async (key: string) => (await journal.read(key)) !== undefined
    await expectAll(journalled(await open(server, { isKept }), journal), calls(20))
    expect(server.batches.size).toBe(1)
    await open(server, { isKept })
    expect(await readdir(folder)).toEqual(['journal'])
  })
})
