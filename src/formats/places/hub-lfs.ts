import { below } from '../../http/endpoint.js'
import { HttpFailure } from '../../http/failure.js'
import { openNamed } from '../../http/redirect.js'
import { refusal } from '../../http/refusal.js'
import { type Answer, type Request, readBody } from '../../http/request.js'
import { EndpointError } from '../../stream/errors.js'
import { askOnce, authorization, type Connection, insist, nameOf, type Repository, secretsOf } from './hub-account.js'
import type { Spool } from './spool.js'

/** The type of all that git LFS says. */
const lfsType = 'application/vnd.git-lfs+json'

const storageFix = {
  refused: 'The storage that the hub named refuses the upload: run the command again for a new leave to upload.',
  missing: 'The storage that the hub named does not know the upload: run the command again for a new one.',
}

/** Where the hub lets an object be sent, as the LFS batch API has it. */
type Action = { href: string; header: Readonly<Record<string, unknown>> }

/**
 * Sends a spool to the hub's large file storage (git LFS batch API; transfers `basic` and the hub's own `multipart`), from
 * disk, a request at a time. An object that lies there already is not sent again.
 */
export async function uploadToLfs(connection: Connection, repository: Repository, spool: Spool): Promise<void> {
  const { upload, verify } = await askWhere(connection, repository, spool)
  if (upload === undefined) return
  const send = (href: string, request: Omit<Sent, 'href'>) =>
    insist(connection, nameOf(repository), () => sendOnce(connection, { href, ...request }), storageFix)
  const tell = (href: string, json: unknown, headers: Sent['headers'] = {}) =>
    send(href, {
      method: 'POST',
      headers: { ...headers, accept: lfsType, 'content-type': lfsType },
      body: () => JSON.stringify(json),
    })
  const oid = spool.sha256()
  if (upload.header.chunk_size === undefined) {
    await send(upload.href, { method: 'PUT', headers: texts(upload.header), ...piece(spool, 0, spool.bytes) })
  } else {
    const { chunk, urls } = partsOf(repository, upload, spool.bytes)
    const parts: { partNumber: number; etag: string }[] = []
    for (const [n, url] of urls.entries()) {
      const part = piece(spool, n * chunk, Math.min(spool.bytes, (n + 1) * chunk))
      const { etag = '' } = await send(url, { method: 'PUT', ...part })
      parts.push({ partNumber: n + 1, etag })
    }
    await tell(upload.href, { oid, parts })
  }
  if (verify !== undefined) await tell(verify.href, { oid, size: spool.bytes }, texts(verify.header))
}

type Actions = { upload?: Action; verify?: Action }

async function askWhere(connection: Connection, repository: Repository, spool: Spool): Promise<Actions> {
  const { id, revision } = repository
  const url = below(connection.endpoint, `datasets/${id}.git/info/lfs/objects/batch`)
  const [oid, size] = [spool.sha256(), spool.bytes]
  const body = JSON.stringify({
    operation: 'upload',
    transfers: ['basic', 'multipart'],
    hash_algo: 'sha256',
    ref: { name: revision },
    objects: [{ oid, size }],
  })
  return insist(connection, nameOf(repository), async () => {
    const { json } = await askOnce(connection, url, { body, type: lfsType, accept: lfsType })
    const { objects } = (json ?? {}) as { objects?: unknown }
    const object = Array.isArray(objects) ? objects.find((each) => each?.oid === oid) : undefined
    if (object === undefined) throw wrong('answer names no upload')
    const { error, actions = {} } = object
    if (error) throw wrong(String(error.message), Number(error.code) || undefined)
    return { upload: readAction(actions?.upload), verify: readAction(actions?.verify) }
  })
}

function readAction(action: unknown): Action | undefined {
  if (action === undefined || action === null) return undefined
  const { href, header } = action as { href?: unknown; header?: object }
  if (typeof href !== 'string') throw wrong('answer names no upload')
  return { href, header: { ...header } }
}

const wrong = (detail: string, status?: number) =>
  new HttpFailure('large file storage', { retryable: false, detail: detail.slice(0, 300), status })

/** The addresses of a multipart upload, which the hub numbers among the headers, and the bytes of each part but the last. */
function partsOf(repository: Repository, { header }: Action, size: number): { chunk: number; urls: string[] } {
  const chunk = Number(header.chunk_size)
  const urls = Object.keys(header)
    .filter((key) => /^\d+$/.test(key))
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => String(header[key]))
  if (chunk > 0 && urls.length === Math.ceil(size / chunk)) return { chunk, urls }
  throw new EndpointError(`Cannot write ${nameOf(repository)}: the hub names ${urls.length} parts of ${chunk} bytes`, {
    fix: 'Check HF_ENDPOINT.',
  })
}

const texts = (header: Action['header']) =>
  Object.fromEntries(Object.entries(header).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

type Sent = Pick<Request, 'headers'> & {
  method: 'PUT' | 'POST'
  href: string
  /** Made anew for each attempt, as a stream serves one. */
  body: () => Request['body']
  /** Of the body, where it is a stream. */
  size?: number
}

const piece = (spool: Spool, start: number, end: number) => ({
  body: () => spool.stream(start, end),
  size: end - start,
})

/** A line that takes less than this many bytes a millisecond is taken for dead. */
const slowestLine = 32

async function sendOnce(
  connection: Connection,
  { href, method, headers, body, size = 0 }: Sent,
): Promise<Answer['headers']> {
  const answer = await openNamed(connection.endpoint, href, {
    method,
    headers: { ...headers, ...(size > 0 && { 'content-length': String(size) }) },
    hostHeaders: authorization(connection),
    body: body(),
    ...(connection.signal && { signal: connection.signal }),
    timeouts: { firstByteMs: 300_000, totalMs: 600_000 + size / slowestLine },
  })
  if (answer.status < 200 || answer.status > 299) throw await refusal(answer, secretsOf(connection))
  await readBody(answer, 1_000_000)
  return answer.headers
}
