// A real-socket web server of files for tests: Range requests, ETag and Last-Modified, and whatever a bad server does.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

/** @type {import('./files-server.d.mts').startFilesServer} */
export async function startFilesServer({ files, ranges = true, validators = true, announce = true, script, host }) {
  /** @type {import('./files-server.d.mts').Seen[]} */ const seen = []
  let inFlight = 0
  let mostInFlight = 0
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://server')
    const { headers } = request
    const fault = script?.({ path: pathname, range: headers.range, count: seen.length, headers })
    seen.push({
      path: pathname,
      url: request.url ?? '',
      range: headers.range,
      headers,
      connection: request.socket.remotePort,
    })
    mostInFlight = Math.max(mostInFlight, ++inFlight)
    response.on('close', () => inFlight--)
    const content = files[decodeURIComponent(pathname)]
    if (fault?.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '')
    } else if (content === undefined) response.writeHead(404).end('no such file')
    else send(response, Buffer.from(content), headers.range, { ...fault })
  })
  /**
   * @param {import('node:http').ServerResponse} response
   * @param {Buffer} content
   * @param {string | undefined} range
   * @param {import('./files-server.d.mts').Fault} fault
   */
  function send(response, content, range, fault) {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const ranged = ranges && !fault.ignoreRange && from !== undefined
    const start = ranged ? Number(from) : 0
    const end = ranged && to ? Math.min(content.length, Number(to) + 1) : content.length
    const etag = fault.etag ?? `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`
    const marks = validators ? { etag, 'last-modified': 'Sat, 01 Nov 2025 00:00:00 GMT' } : {}
    if (ranged && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
      return
    }
    const contentRange = fault.contentRange ?? `bytes ${start}-${end - 1}/${content.length}`
    response.writeHead(ranged ? 206 : 200, {
      ...marks,
      ...(ranged && { 'content-range': contentRange }),
      ...(announce && { 'content-length': end - start }),
    })
    const body = content.subarray(start, end)
    if (fault.cutAfter === undefined && fault.stallAfter === undefined) response.end(body)
    else {
      const sent = body.subarray(0, fault.cutAfter ?? fault.stallAfter)
      response.write(sent, () => {
        if (fault.cutAfter !== undefined) setImmediate(() => response.socket?.destroy())
      })
    }
  }
  await new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, host ?? '127.0.0.1', () => resolve(undefined))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    get mostInFlight() {
      return mostInFlight
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
