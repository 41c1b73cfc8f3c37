// A real-socket OpenAI-compatible server for tests: the same request always gets the same reply, a seeded share of the
// requests gets whatever a bad server does instead, and a ledger counts what a real one would have been paid for.
//
//   node test/server/openai-server.mjs --port 0 --latency 20 --faults 429=0.05,reset=0.05 --ledger paid.jsonl
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { chat, defaultReply, embeddings, quarterOf, scores, sha256, share, strictFault } from './openai-answers.mjs'

export { defaultReply } from './openai-answers.mjs'

/** @typedef {import('./openai-server.d.mts').Fault} Fault */

/** @type {import('./openai-server.d.mts').usualFaults} */
export const usualFaults = [
  ...['429', '429-after', '429-ms', '500', '503', 'reset', 'cut', 'hang', 'trickle'],
  ...['bad-json', 'html', 'empty', 'no-choices', 'blank', 'bad-finish', 'length'],
]

/** @type {import('./openai-server.d.mts').startOpenAiServer} */
export async function startOpenAiServer(options = {}) {
  const { port = 0, seed = 1, latencyMs = 0, faults = {}, script, retryAfterS = 1, reply = defaultReply } = options
  const { ledgerFile, dimensions = 16, tokensOf = quarterOf, most = Infinity } = options
  const state = {
    /** @type {Map<string, number>} */ paid: new Map(),
    /** @type {Map<string, number>} */ faulted: new Map(),
    /** @type {{ path: string, headers: import('node:http').IncomingHttpHeaders, body: any }[]} */ seen: [],
    violations: 0,
    inFlight: 0,
    mostInFlight: 0,
  }
  /** @type {Map<string, number>} */ const attempts = new Map()
  /** @type {Map<string, number>} */ const notBefore = new Map()

  const server = createServer(async (request, response) => {
    const text = await readText(request).catch(() => undefined)
    if (text === undefined) return
    const body = text === '' ? {} : JSON.parse(text)
    const path = new URL(request.url ?? '/', 'http://server').pathname
    state.seen.push({ path, headers: request.headers, body })
    const key = String(request.headers['idempotency-key'] ?? sha256(path + text))
    const attempt = (attempts.get(key) ?? 0) + 1
    attempts.set(key, attempt)
    if (Date.now() < (notBefore.get(key) ?? 0)) state.violations++
    state.mostInFlight = Math.max(state.mostInFlight, ++state.inFlight)
    response.on('close', () => state.inFlight--)
    const isTooMany = state.inFlight > most
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs))

    const drawn = script === undefined ? draw(faults, seed, `${key}/${attempt}`) : script(attempt, path, key)
    const fault = isTooMany ? '429' : drawn
    if (fault !== undefined) state.faulted.set(fault, (state.faulted.get(fault) ?? 0) + 1)
    if (fault?.startsWith('429-')) notBefore.set(key, Date.now() + retryAfterS * 1000)
    if (fault !== undefined && misbehave(fault, request, response, retryAfterS)) return
    const wrong = body.response_format && strictFault(body.response_format)
    if (wrong) return sendJson(response, 400, { error: { message: `Invalid response_format: ${wrong}` } })
    const answer = path.endsWith('/embeddings')
      ? embeddings(body, dimensions, fault)
      : path.endsWith('/chat/completions')
        ? chat(body, reply(body), fault, tokensOf)
        : scores(body, fault)
    if (fault === undefined) {
      state.paid.set(key, (state.paid.get(key) ?? 0) + 1)
      if (ledgerFile !== undefined) appendFileSync(ledgerFile, `${JSON.stringify({ key, request: sha256(text) })}\n`)
    }
    sendJson(response, 200, answer)
  })
  await new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    ...{ paid: state.paid, faulted: state.faulted, seen: state.seen },
    url: `http://127.0.0.1:${address.port}/v1`,
    get violations() {
      return state.violations
    },
    get mostInFlight() {
      return state.mostInFlight
    },
    /** Paid successes in all. */
    get totalPaid() {
      return [...state.paid.values()].reduce((sum, count) => sum + count, 0)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The ways to ask for that many seconds of peace. */
const pleas = {
  '429-after': (/** @type {number} */ s) => ({ 'retry-after': `${s}` }),
  '429-ms': (/** @type {number} */ s) => ({ 'retry-after-ms': `${s * 1000}` }),
  '429-reset': (/** @type {number} */ s) => ({
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': `${s * 1000}ms`,
    'x-ratelimit-remaining-tokens': '9000',
    'x-ratelimit-reset-tokens': '6m0s',
  }),
  '429-ratelimit': (/** @type {number} */ s) => ({
    'ratelimit-policy': '"burst";q=10;w=60, "daily";q=1000;w=86400',
    ratelimit: `"burst";r=0;t=${s}, "daily";r=900;t=40000`,
  }),
}

/**
 * Does what the fault says; false where the answer itself is what is faulty.
 * @param {Fault} fault
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {number} retryAfterS
 */
function misbehave(fault, request, response, retryAfterS) {
  const error = (/** @type {number} */ status, /** @type {string} */ message, type = 'error', headers = {}) => {
    sendJson(response, status, { error: { message, type, code: status } }, headers)
    return true
  }
  switch (fault) {
    case '429':
      return error(429, 'Too many requests')
    case '429-after':
    case '429-ms':
    case '429-reset':
    case '429-ratelimit':
      return error(429, 'Too many requests', 'rate_limit', pleas[fault](retryAfterS))
    case '500':
    case '503':
    case '501':
    case '404':
      return error(Number(fault), 'Something is wrong')
    case '400':
      return error(400, 'Bad parameter', 'invalid_request_error')
    case 'schema-refused':
      return error(400, "This model does not support response_format 'json_schema'", 'invalid_request_error')
    case '401':
      return error(401, 'Invalid key sk-LEAKCANARY-server')
    case 'loading':
      return error(503, 'Loading model', 'unavailable_error')
    case 'echo-refused':
      return error(400, 'Only no echo is supported', 'invalid_request_error')
    case 'context':
      return error(400, 'the request exceeds the available context size', 'exceed_context_size_error')
    case 'echo-key':
      return error(
        500,
        `You sent ${request.headers.authorization} that is ${encodeURIComponent(String(request.headers.authorization))}`,
      )
    case 'redirect':
      response.writeHead(307, { location: 'http://127.0.0.1:9/elsewhere' }).end()
      return true
    case 'reset':
      request.socket.resetAndDestroy()
      return true
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"choices":[{"message":{"content":"The first half', () => request.socket.destroy())
      return true
    case 'hang':
      return true
    case 'trickle':
      response.writeHead(200, { 'content-type': 'application/json' })
      trickle(response)
      return true
    case 'endless':
      response.writeHead(200, { 'content-type': 'application/json' })
      flood(response)
      return true
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please log in</body></html>')
      return true
    case 'empty':
      response.writeHead(200, { 'content-type': 'application/json' }).end()
      return true
    case 'bad-json':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[{"message":')
      return true
    default:
      return false
  }
}

/** One byte at a time, never ending. @param {import('node:http').ServerResponse} response */
function trickle(response) {
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

/** As fast as it is read, never ending. @param {import('node:http').ServerResponse} response */
function flood(response) {
  const piece = Buffer.alloc(65_536, ' ')
  const pump = () => {
    while (!response.destroyed && response.write(piece)) {}
  }
  response.on('drain', pump).on('error', () => {})
  pump()
}

/** @param {Partial<Record<Fault, number>>} faults @param {number} seed @param {string} use @returns {Fault | undefined} */
function draw(faults, seed, use) {
  let at = share(`${seed}/${use}`)
  for (const [fault, rate] of Object.entries(faults)) {
    if (at < rate) return /** @type {Fault} */ (fault)
    at -= rate
  }
  return undefined
}

/** @param {import('node:http').IncomingMessage} request */
async function readText(request) {
  /** @type {Buffer[]} */ const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** @param {import('node:http').ServerResponse} response @param {number} status @param {unknown} value @param {Record<string, string>} [headers] */
function sendJson(response, status, value, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      latency: { type: 'string', default: '0' },
      faults: { type: 'string', default: '' },
      ledger: { type: 'string' },
    },
  })
  const rates = values.faults
    .split(',')
    .filter(Boolean)
    .map((fault) => fault.split('='))
  const server = await startOpenAiServer({
    port: Number(values.port),
    seed: Number(values.seed),
    latencyMs: Number(values.latency),
    faults: Object.fromEntries(rates.map(([fault, rate]) => [fault, Number(rate)])),
    ledgerFile: values.ledger,
  })
  console.log(server.url)
}
