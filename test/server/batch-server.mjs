// A real-socket server of OpenAI's Files and Batches for tests: it keeps what it is sent, works a batch off after so many
// looks at it, and does at each request what a script of faults says. A ledger counts what a real one would have been paid for.
import { createServer } from 'node:http'
import { chat, defaultReply, quarterOf, sha256, share } from './openai-answers.mjs'

/** @typedef {import('./batch-server.d.mts').StoredBatch} StoredBatch */

/** @type {import('./batch-server.d.mts').startBatchServer} */
export async function startBatchServer(options = {}) {
  const { reply = defaultReply, looks = 2, fault, lineFault, endOf, hidesMetadata = false, onRequest } = options
  /** @type {Map<string, string>} */ const files = new Map()
  /** @type {Map<string, StoredBatch & Record<string, any>>} */ const batches = new Map()
  /** @type {Map<string, number>} */ const paid = new Map()
  /** @type {Map<string, number>} */ const attempts = new Map()
  /** @type {string[]} */ const seen = []
  /** @type {Map<string, number>} */ const counts = new Map()

  /** Answers every line of a batch. @param {any} batch */
  const work = (batch) => {
    const end = endOf?.(batch.number) ?? 'completed'
    batch.status = end
    if (end === 'failed' || end === 'full') {
      batch.status = 'failed'
      batch.errors = {
        object: 'list',
        data: [
          {
            code: end === 'full' ? 'token_limit_exceeded' : 'invalid_request',
            message: 'Not this batch of sk-CANARY-123\u001b[2J',
          },
        ],
      }
      return
    }
    /** @type {string[]} */ const good = []
    /** @type {string[]} */ const bad = []
    for (const line of batch.lines) {
      const { custom_id: key, body } = JSON.parse(line)
      const attempt = (attempts.get(key) ?? 0) + 1
      attempts.set(key, attempt)
      // Of a batch that does not come to its end a third is answered.
      const isLate = end !== 'completed' && share(`${key}/late`) > 1 / 3
      const wrong = isLate ? end : lineFault?.(key, attempt)
      const response = (/** @type {number} */ status_code, /** @type {any} */ answer) => ({
        status_code,
        request_id: `req-${good.length}`,
        body: answer,
      })
      const entry = (/** @type {object} */ rest) =>
        JSON.stringify({ id: `line-${key.slice(0, 8)}`, custom_id: key, response: null, error: null, ...rest })
      if (wrong === 'missing') continue
      if (wrong === 'expired' || wrong === 'cancelled') {
        bad.push(entry({ error: { code: `batch_${wrong}`, message: 'This request was not executed.' } }))
      } else if (wrong === '500' || wrong === '400') {
        bad.push(
          entry({ response: response(Number(wrong), { error: { message: 'Something is wrong', type: 'error' } }) }),
        )
      } else {
        paid.set(key, (paid.get(key) ?? 0) + 1)
        good.push(
          entry({
            response: response(200, chat(body, reply(body), wrong === 'length' ? wrong : undefined, quarterOf)),
          }),
        )
      }
    }
    // In any order, as the protocol allows.
    const shuffled = (/** @type {string[]} */ lines) =>
      [...lines]
        .sort((a, b) => (sha256(a) < sha256(b) ? -1 : 1))
        .map((line) => `${line}\n`)
        .join('')
    for (const [name, lines] of /** @type {const} */ ([
      ['output_file_id', good],
      ['error_file_id', bad],
    ])) {
      if (lines.length === 0) continue
      batch[name] = `file-${name.slice(0, 3)}-${batch.id}`
      files.set(batch[name], shuffled(lines))
    }
    batch.request_counts = { total: batch.lines.length, completed: good.length, failed: bad.length }
  }

  /** @param {any} batch */
  const shown = ({ lines: _, looks: __, number: ___, ...batch }) => ({
    ...batch,
    ...(hidesMetadata && { metadata: null }),
  })

  /** @param {string} method @param {string} path @param {URLSearchParams} query @param {Buffer} body @returns {[number, unknown]} */
  const answer = (method, path, query, body) => {
    if (method === 'POST' && path === '/files') {
      const text = body.toString('utf8')
      const purpose = /name="purpose"\r\n\r\n(\w+)/.exec(text)?.[1]
      const content = /filename="[^"]+\.jsonl"[\s\S]*?\r\n\r\n([\s\S]*)\r\n--[^\r\n]+--\r\n$/.exec(text)?.[1]
      if (purpose !== 'batch' || content === undefined) return [400, { error: { message: 'No file of requests' } }]
      const id = `file-${files.size + 1}`
      files.set(id, content)
      return [200, { id, object: 'file', purpose, bytes: content.length }]
    }
    if (method === 'POST' && path === '/batches') {
      const { input_file_id, endpoint, completion_window, metadata } = JSON.parse(body.toString('utf8'))
      const content = files.get(input_file_id)
      if (content === undefined || endpoint !== '/v1/chat/completions' || completion_window !== '24h') {
        return [400, { error: { message: 'Not a batch' } }]
      }
      const id = `batch_${batches.size + 1}`
      const batch = {
        ...{ id, object: 'batch', status: 'validating', input_file_id, metadata, errors: null },
        ...{ created_at: Math.floor(Date.now() / 1000), output_file_id: null, error_file_id: null },
        lines: content.split('\n').filter(Boolean),
        looks: 0,
        number: batches.size + 1,
      }
      batches.set(id, batch)
      return [200, shown(batch)]
    }
    if (path === '/batches') {
      // The newest first, two a page.
      const all = [...batches.values()].reverse()
      const from = all.findIndex(({ id }) => id === query.get('after')) + 1
      const data = all.slice(from, from + 2).map(shown)
      return [200, { object: 'list', data, has_more: from + 2 < all.length, last_id: data.at(-1)?.id }]
    }
    const [, kind, id = ''] = /^\/(batches|files)\/([^/]+)/.exec(path) ?? []
    const batch = batches.get(id)
    if (kind === 'batches' && batch) {
      if (['validating', 'in_progress'].includes(batch.status)) {
        batch.status = 'in_progress'
        if (++batch.looks >= looks) work(batch)
      }
      return [200, shown(batch)]
    }
    const file = files.get(id)
    return kind === 'files' && file !== undefined ? [200, file] : [404, { error: { message: `No ${path} here` } }]
  }

  const server = createServer(async (request, response) => {
    /** @type {Buffer[]} */ const pieces = []
    try {
      for await (const piece of request) pieces.push(piece)
    } catch {
      return
    }
    const url = new URL(request.url ?? '/', 'http://server')
    const path = url.pathname.replace(/^\/v1/, '')
    const step = `${request.method} ${path.replace(/\/(?:file|batch)[-_][^/]+/, '/ID')}`
    seen.push(step)
    const count = (counts.get(step) ?? 0) + 1
    counts.set(step, count)
    const drawn = fault?.(step, count)
    if (drawn === '500') return send(response, 500, { error: { message: 'Something is wrong' } })
    if (drawn === '401' || drawn === '404') return send(response, Number(drawn), { error: { message: 'No' } })
    if (drawn === 'unsent') return request.socket.resetAndDestroy()
    const [status, value] = answer(request.method ?? 'GET', path, url.searchParams, Buffer.concat(pieces))
    const isHeld = onRequest?.(seen.length, step)
    if (drawn === 'lost' || isHeld) return request.socket.resetAndDestroy()
    if (drawn === 'cut') {
      response.writeHead(200, { 'content-type': 'application/jsonl', 'content-length': String(value).length })
      return response.write(String(value).slice(0, String(value).length / 2), () => request.socket.destroy())
    }
    if (drawn === 'short') return send(response, 200, String(value).split('\n').slice(1).join('\n'))
    send(response, status, value)
  })
  await new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(undefined))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    ...{ paid, seen, batches, files },
    url: `http://127.0.0.1:${port}/v1`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** @param {import('node:http').ServerResponse} response @param {number} status @param {unknown} value */
function send(response, status, value) {
  const isText = typeof value === 'string'
  response.writeHead(status, { 'content-type': isText ? 'application/jsonl' : 'application/json' })
  response.end(isText ? value : JSON.stringify(value))
}
