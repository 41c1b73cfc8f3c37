import { createServer, type RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { exchangeJson, type JsonOptions, postJson } from '../../src/http/json.js'
import { within } from '../../src/http/request.js'
import { getText } from '../../src/http/text.js'
import type { Fault } from '../server/openai-server.mjs'
import { startOpenAiServer } from '../server/openai-server.mjs'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return new URL(`http://127.0.0.1:${address.port}/`)
}

async function getJson(url: URL, options: JsonOptions = {}): Promise<unknown> {
  return (await exchangeJson({ url }, options)).json
}

async function askFaulty(fault: Fault, options: JsonOptions = {}): Promise<HttpFailure> {
  const server = await startOpenAiServer({ script: () => fault, retryAfterS: 3 })
  closers.push(server.close)
  const body = { messages: [{ role: 'user', content: 'Hello' }] }
  return failureOf(postJson(new URL(`${server.url}/chat/completions`), body, options))
}

async function failureOf(promise: Promise<unknown>): Promise<HttpFailure> {
  const error = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (error) => error,
  )
  if (!(error instanceof HttpFailure)) throw error
  return error
}

describe('an exchange of JSON', () => {
  it('brings back what the server was sent, with its headers', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      const head = JSON.stringify(request.headers['content-type'])
      response.write(`{"type":${head},"method":"${request.method}","body":`)
      request.on('data', (chunk) => response.write(chunk)).on('end', () => response.end('}'))
    })
    expect(await postJson(url, { a: ['é'] })).toEqual({ type: 'application/json', method: 'POST', body: { a: ['é'] } })
  })

  it('gets JSON of a subtype', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'application/problem+json' }).end('[1]'),
    )
    expect(await getJson(url)).toEqual([1])
  })

  it('uses connections again for exchanges that follow each other', async () => {
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    for (let i = 0; i < 20; i++) await getJson(url)
    // The next request may leave before the pool has taken the first connection back.
    expect(sockets.size).toBeLessThanOrEqual(2)
  })
})

describe('a failure', () => {
  it.each([
    ['429', { retryable: true, status: 429, retryAfterMs: undefined, reason: 'status 429' }],
    ['429-after', { retryable: true, status: 429, retryAfterMs: 3000 }],
    ['500', { retryable: true, status: 500 }],
    ['503', { retryable: true, status: 503 }],
    ['501', { retryable: false, status: 501 }],
    ['400', { retryable: false, status: 400 }],
    ['401', { retryable: false, status: 401 }],
    ['404', { retryable: false, status: 404 }],
    ['redirect', { retryable: false, status: 307 }],
    ['reset', { retryable: true, status: undefined, reason: 'connection cut' }],
    ['cut', { retryable: true, reason: 'connection cut' }],
    ['html', { retryable: true, status: 200, reason: 'answer is not JSON' }],
    ['bad-json', { retryable: true, reason: 'answer is not JSON' }],
    ['empty', { retryable: true, reason: 'answer is empty' }],
  ] as const)('of the kind %s says what came and whether to try again', async (fault, expected) => {
    expect(await askFaulty(fault)).toMatchObject(expected)
  })

  it('tells where nobody listens', async () => {
    const failure = await failureOf(getJson(new URL('http://127.0.0.1:9/')))
    expect(failure).toMatchObject({ retryable: true, unreachable: true, reason: 'no connection' })
    expect(failure.message).toContain('127.0.0.1:9')
  })

  it('comes after the time allowed for the first byte', async () => {
    expect((await askFaulty('hang', { timeouts: { firstByteMs: 50 } })).reason).toBe('no answer in time')
  })

  it('comes after the time allowed between two pieces', async () => {
    const url = await serve((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{'))
    expect((await failureOf(getJson(url, { timeouts: { idleMs: 50 } }))).reason).toBe('answer stalled')
  })

  it('comes after the whole time where a server trickles', async () => {
    const failure = await askFaulty('trickle', { timeouts: { totalMs: 300, idleMs: 5000 } })
    expect(failure).toMatchObject({ reason: 'answer took too long', retryable: true })
  })

  it('does not come at once where more time is given than a timer can run', async () => {
    const slow: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      setTimeout(() => response.end('[1]'), 50)
    }
    const url = await serve(slow)
    for (const ms of [2 ** 31, 3e12, Infinity]) {
      const timeouts = { connectMs: ms, ...within(ms) }
      expect(await getJson(url, { timeouts })).toEqual([1])
      expect(await getText(url, { timeouts })).toBe('[1]')
    }
  })

  it('cuts an endless body', async () => {
    expect((await askFaulty('endless', { maxBytes: 1_000_000 })).reason).toBe('answer too long')
  })

  it('does not wait for the end of an endless error page', async () => {
    const url = await serve((_, response) => {
      response.writeHead(500)
      const write = () => response.write('x'.repeat(50_000), (error) => error ?? write())
      write()
    })
    expect(await failureOf(getJson(url))).toMatchObject({ status: 500 })
  })

  it('repeats no key, in whatever form the server echoes it', async () => {
    const key = 'sk-CANARY-3f9c/2+7a1e'
    const headers = { authorization: `Bearer ${key}` }
    const url = await serve((request, response) => {
      const sent = String(request.headers.authorization)
      const plain = sent.slice(7)
      const forms = [sent, plain, encodeURIComponent(plain), Buffer.from(sent).toString('base64')]
      response.writeHead(500).end(`${forms.join(' | ')} | ${Buffer.from(plain).toString('base64url')}`)
    })
    const failure = await failureOf(getJson(url, { headers, secrets: [key] }))
    const shown = `${failure.message} ${failure.stack} ${JSON.stringify(failure)}`
    expect(shown).toContain('[redacted]')
    expect(shown).not.toContain('CANARY')
    expect(shown).not.toContain(encodeURIComponent(key))
    expect(shown).not.toContain(Buffer.from(key).toString('base64').slice(4, 20))
  })

  it('hides keys that are not ours, and control characters', async () => {
    const url = await serve((_, response) => response.writeHead(500).end('bad \u001b[31m sk-LEAKCANARY-server'))
    const { message } = await failureOf(getJson(url))
    expect(message).toBe('status 500: bad [31m [redacted]')
  })

  it('is the reason of the signal where the caller gives up', async () => {
    const controller = new AbortController()
    const url = await serve(() => controller.abort(new Error('enough')))
    await expect(getJson(url, { signal: controller.signal })).rejects.toThrow('enough')
    await expect(getJson(url, { signal: controller.signal })).rejects.toThrow('enough')
  })
})
