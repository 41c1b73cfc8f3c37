import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { huggingfaceModel } from '../../src/models/huggingface.js'
import { callKey } from '../../src/models/key.js'
import { openaiModel } from '../../src/models/openai.js'
import type { ReplySchema } from '../../src/models/reply-schema.js'
import { withRetry } from '../../src/models/retry.js'
import { CallFailure, type Model } from '../../src/models/types.js'
import { UsageError } from '../../src/stream/errors.js'
import { type Fault, type OpenAiServer, type ServerOptions, startOpenAiServer } from '../server/openai-server.mjs'
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

const clients: [string, (endpoint: string, key?: string) => Model][] = [
  ['the OpenAI-compatible client', (endpoint, apiKey) => openaiModel('tiny', { endpoint, apiKey })],
  ['the Hugging Face client', (endpoint, token) => huggingfaceModel('tiny', { endpoint, token })],
]

describe.each(clients)('%s', (_, open) => {
  it('sends the call as a chat and reads the reply', async () => {
    const server = await start({ reply: () => 'Good day.' })
    const call = callOf({
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hello' },
      ],
      ...{ temperature: 0.7, topP: 0.9, presencePenalty: 2, stop: ['\n\n'], seed: 3 },
    })
    const reply = await open(server.url, 'key-123456').ask(call)
    expect(reply).toEqual({ text: 'Good day.', finish: 'stop', usage: { promptTokens: 4, completionTokens: 3 } })
    expect(server.seen).toHaveLength(1)
    expect(server.seen[0]!.path).toBe('/v1/chat/completions')
    expect(server.seen[0]!.headers.authorization).toBe('Bearer key-123456')
    expect(server.seen[0]!.body).toEqual({
      ...{ model: 'tiny', messages: call.messages, max_tokens: 50, stream: false },
      ...{ temperature: 0.7, top_p: 0.9, presence_penalty: 2, stop: ['\n\n'], seed: 3 },
    })
  })

  const schema: ReplySchema = {
    name: 'score',
    schema: {
      type: 'object',
      properties: { reasons: { type: 'string' }, score: { type: 'integer', enum: [1, 2, 3] } },
      required: ['reasons', 'score'],
      additionalProperties: false,
    },
  }

  it('sends the schema that the reply is to have, as part of what the reply is kept under', async () => {
    const server = await start({ reply: () => '{"reasons": "", "score": 2}' })
    const model = open(server.url)
    expect(await model.ask(callOf({ schema }))).toMatchObject({ text: '{"reasons": "", "score": 2}' })
    const json_schema = { name: 'score', strict: true, schema: schema.schema }
    expect(server.seen[0]!.body.response_format).toEqual({ type: 'json_schema', json_schema })
    expect(callKey(model.id, callOf({ schema }))).not.toBe(callKey(model.id, callOf()))
  })

  it('ends the run where the server takes no schema, and says how to go on without', async () => {
    const server = await start({ script: () => 'schema-refused' })
    const error = await errorOf(withRetry(open(server.url)).ask(callOf({ schema })))
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).fix).toMatch(/--structured/)
    expect(server.seen).toHaveLength(1)
    // Without a schema in the call it is a 400 like any other, of one row.
    expect(await errorOf(withRetry(open(server.url)).ask(callOf()))).toBeInstanceOf(CallFailure)
  })

  it('does not ask again where the model refuses in place of the JSON', async () => {
    const server = await start({ script: () => 'refusal' })
    const error = await errorOf(withRetry(open(server.url)).ask(callOf({ schema })))
    expect(error).toMatchObject({ name: 'CallFailure', reason: 'refused by the model', attempts: 1 })
    expect(error.message).toContain('I will not judge this.')
  })

  it('has an id with provider, host and name, and without the key', async () => {
    const { id } = open('http://127.0.0.1:8080/v1', 'sk-CANARY')
    expect(id).toMatch(/^(openai|hf):127\.0\.0\.1:8080\/v1:tiny$/)
  })

  it('hands on that a reply was cut off', async () => {
    const server = await start({ script: () => 'length', reply: () => 'abcdefgh' })
    expect(await open(server.url).ask(callOf())).toMatchObject({ text: 'abcd', finish: 'length' })
  })

  it.each<[Fault, boolean]>([
    ['429', true],
    ['500', true],
    ['503', true],
    ['loading', true],
    ['reset', true],
    ['cut', true],
    ['html', true],
    ['empty', true],
    ['bad-json', true],
    ['no-choices', true],
    ['blank', true],
    ['bad-finish', true],
    ['400', false],
    ['401', false],
    ['404', false],
    ['redirect', false],
  ])('never takes %s for an answer', async (fault, retryable) => {
    const server = await start({ script: () => fault })
    const error = await errorOf(open(server.url).ask(callOf()))
    expect(error).toBeInstanceOf(HttpFailure)
    expect(error).toMatchObject({ retryable })
    expect(server.seen).toHaveLength(1)
  })

  it('hears how long the server wants to be left alone', async () => {
    const server = await start({ script: () => '429-after', retryAfterS: 4 })
    expect(await errorOf(open(server.url).ask(callOf()))).toMatchObject({ status: 429, retryAfterMs: 4000 })
  })

  it('repeats no key in an error', async () => {
    const key = 'sk-CANARY/7f3a+22'
    for (const fault of ['echo-key', '401'] as const) {
      const server = await start({ script: () => fault })
      const error = await errorOf(open(server.url, key).ask(callOf()))
      const shown = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
      expect(shown).toContain('[redacted]')
      expect(shown).not.toMatch(/CANARY/)
    }
  })

  it('stops when the signal aborts', async () => {
    const server = await start({ script: () => 'hang' })
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(open(server.url).ask(callOf(), { signal: controller.signal })).rejects.toThrow('enough')
  })

  it('refuses an unencrypted endpoint elsewhere', () => {
    expect(() => open('http://192.0.2.7/v1')).toThrow(UsageError)
  })
})

describe('the OpenAI-compatible client', () => {
  it('says that a prompt was too long for the context', async () => {
    const server = await start({ script: () => 'context' })
    const error = await errorOf(openaiModel('tiny', { endpoint: server.url }).ask(callOf()))
    expect(error).toBeInstanceOf(CallFailure)
    expect(error).toMatchObject({ reason: 'prompt too long', status: 400, attempts: 1 })
  })

  it('gives a server that loads its model ten seconds', async () => {
    const server = await start({ script: () => 'loading' })
    const error = await errorOf(openaiModel('tiny', { endpoint: server.url }).ask(callOf()))
    expect(error).toMatchObject({ status: 503, retryAfterMs: 10_000 })
  })

  it('names equal requests of different rows apart', async () => {
    const server = await start()
    const model = openaiModel('tiny', { endpoint: server.url })
    for (const rowId of ['a', 'b', 'a']) await model.ask(callOf({ rowId }))
    expect([...server.paid.values()]).toEqual([2, 1])
  })

  it('takes an address that already names the chat', async () => {
    const server = await start()
    await openaiModel('tiny', { endpoint: `${server.url}/chat/completions` }).ask(callOf())
    expect(server.seen[0]!.path).toBe('/v1/chat/completions')
  })
  it('keeps the query of an address, wherever it ends', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(400).end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const score = { prompt: 'a', continuation: 'b', rowId: 'a#0', stage: 'ifd' }
    try {
      for (const path of ['/v1?api-version=1', '/v1/chat/completions?api-version=1']) {
        const model = openaiModel('tiny', { endpoint: `http://127.0.0.1:${port}${path}` })
        await errorOf(model.ask(callOf()))
        await errorOf(model.score!(score))
      }
    } finally {
      server.close()
      server.closeAllConnections()
    }
    const both = ['/v1/chat/completions?api-version=1', '/v1/completions?api-version=1']
    expect(asked).toEqual([...both, ...both])
  })
})
