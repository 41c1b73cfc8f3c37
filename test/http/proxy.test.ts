import { createServer, request as forward, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exchangeJson } from '../../src/http/json.js'
import { open, readBody } from '../../src/http/request.js'
import { errorOf } from '../formats/shards.js'

/** A server of JSON, and a proxy that takes every name for its. */
let server: Server
let proxy: Server
let asked: string[]

const listen = (started: Server) => new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
const portOf = (started: Server) => (started.address() as AddressInfo).port

beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ host: request.headers.host }))
  })
  await listen(server)
  proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const { method, headers } = request
    const { pathname } = new URL(request.url!, 'http://any')
    request.pipe(
      forward({ port: portOf(server), host: '127.0.0.1', path: pathname, method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    socket.on('error', () => {})
    if (request.url?.startsWith('refused.')) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const target = connect(portOf(server), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    target.on('error', () => socket.destroy())
  })
  await listen(proxy)
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTPS_PROXY', 'NO_PROXY']) vi.stubEnv(name, undefined)
  vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${portOf(proxy)}`)
})

afterEach(() => {
  vi.unstubAllEnvs()
  for (const each of [server, proxy]) {
    each.closeAllConnections()
    each.close()
  }
})

describe('a request', () => {
  it('goes by the proxy that HTTP_PROXY names, who looks the host up', async () => {
    const { json } = await exchangeJson({ url: new URL('http://model.invalid/v1'), method: 'POST', body: '{}' })
    expect(json).toEqual({ host: 'model.invalid' })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('model.invalid')
  })

  it('never goes by a proxy to this machine, as its key is not for others', async () => {
    const url = new URL(`http://127.0.0.1:${portOf(server)}/v1`)
    expect((await exchangeJson({ url })).json).toEqual({ host: url.host })
    await exchangeJson({ url: new URL(`http://localhost:${portOf(server)}/v1`) }).catch(() => {})
    expect(asked).toEqual([])
  })

  it('goes straight to what NO_PROXY names', async () => {
    vi.stubEnv('NO_PROXY', 'other.test,.invalid')
    const error = await errorOf(() => open({ url: new URL('http://model.invalid/v1') }))
    expect(error).toMatchObject({ reason: 'no connection', unreachable: true })
    expect(asked).toEqual([])
  })

  it('tunnels https, and believes no certificate that it would not believe without', async () => {
    vi.stubEnv('HTTPS_PROXY', process.env.HTTP_PROXY)
    // What answers there speaks no TLS at all, so nothing can be read or sent in the clear.
    await errorOf(() => open({ url: new URL('https://model.invalid/v1'), headers: { authorization: 'Bearer x' } }))
    expect(asked).toEqual(['CONNECT model.invalid:443'])
  })

  it('says that the proxy refused it', async () => {
    const error = await errorOf(() => open({ url: new URL('https://refused.invalid/v1') }))
    expect(error).toMatchObject({ reason: 'no connection', retryable: false, unreachable: true })
    expect(error.message).toContain('https://refused.invalid/v1 (the proxy answers 403)')
  })

  it('that a server led to is refused a private address, by a proxy too', async () => {
    const error = await errorOf(() => open({ url: new URL('http://10.1.2.3/'), publicOnly: true }))
    expect(error).toMatchObject({ reason: 'redirects to a private address' })
    expect(asked).toEqual([])
    const answer = await open({ url: new URL('http://10.1.2.3/') })
    expect((await readBody(answer, 1000)).toString()).toContain('10.1.2.3')
  })

  it('is a usage error where the proxy has no address, whose password is not shown', async () => {
    vi.stubEnv('HTTP_PROXY', 'http//user:SECRETWORD@proxy')
    const error = await errorOf(() => open({ url: new URL('http://model.invalid/') }))
    expect(error).toMatchObject({ name: 'UsageError' })
    expect(error.message).not.toContain('SECRETWORD')
  })
})
