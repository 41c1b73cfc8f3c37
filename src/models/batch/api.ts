import { createReadStream } from 'node:fs'
import { type FileHandle, open as openFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { Clock } from '../../http/clock.js'
import { below } from '../../http/endpoint.js'
import { HttpFailure } from '../../http/failure.js'
import { exchangeJson } from '../../http/json.js'
import { redact } from '../../http/redact.js'
import { refusal } from '../../http/refusal.js'
import { open, type Timeouts } from '../../http/request.js'
import { retrying } from '../../http/retry.js'
import { EndpointError, RefusedError } from '../../stream/errors.js'
import { field, unusable } from '../answer-fields.js'
import type { OpenAiAddress } from '../openai.js'

/** What a server says of a batch. */
export type Batch = {
  readonly id: string
  readonly status: string
  /** The file of requests that it was made of. */
  readonly input: unknown
  /** What we called it when it was made. */
  readonly key: unknown
  readonly createdMs: number
  /** The files with its answers and with its errors, as far as there are any. */
  readonly results: readonly string[]
  /** Requests that it says it is through with, well or not; NaN where it does not say. */
  readonly through: number
  /** Why it failed as a whole. */
  readonly problem: string | undefined
  /** It failed because the account has as many tokens under way as it may: later it may work. */
  readonly isPutOff: boolean
}

/** Whether nothing more will come of a batch. */
export function isOver({ status }: Batch): boolean {
  return ['completed', 'failed', 'expired', 'cancelled'].includes(status)
}

export type BatchApi = ReturnType<typeof batchApi>

/** Files of any length take their time; each piece of them must still come. */
const wholeFileMs = 4 * 3_600_000
const pageOfBatches = 100
/** Pages of batches that are looked through for one of ours: the newest come first. */
const mostPages = 50

/**
 * The protocol of OpenAI's Files and Batches, at any server that has it. Everything is tried again where that may help; what
 * is left is a RefusedError (the key, or no such interface) or an EndpointError, after which the same command resumes.
 */
export function batchApi(
  { base, headers, secrets }: Pick<OpenAiAddress, 'base' | 'headers' | 'secrets'>,
  { timeouts, clock, signal }: { timeouts?: Partial<Timeouts> | undefined; clock: Clock; signal: AbortSignal },
) {
  const json = async (method: 'GET' | 'POST', url: URL, body?: object) => {
    const sent = body && { body: JSON.stringify(body) }
    const type: Record<string, string> = body ? { 'content-type': 'application/json' } : {}
    const options = { headers: { ...headers, ...type }, secrets, timeouts, signal }
    return (await exchangeJson({ method, url, ...sent }, options)).json
  }
  const persistently = async <T>(what: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await retrying(send, { clock, signal })
    } catch (error) {
      throw error instanceof HttpFailure ? verdict(what, error) : error
    }
  }
  const look = async (id: string) =>
    readBatch(await json('GET', below(base, `batches/${encodeURIComponent(id)}`)), secrets)

  /** The batch that was made of this file, or under this key; the latest. */
  const find = async ({ key, file, sinceMs }: { key: string; file: string; sinceMs: number }) => {
    let after: string | undefined
    for (let page = 0; page < mostPages; page++) {
      const url = below(base, 'batches')
      url.searchParams.set('limit', String(pageOfBatches))
      if (after !== undefined) url.searchParams.set('after', after)
      const answer = await json('GET', url)
      const data = field(answer, 'data')
      if (!Array.isArray(data)) throw unusable('list has no batches', answer, secrets)
      const batches = data.map((each) => readBatch(each, secrets))
      const found = batches.find((batch) => batch.key === key || batch.input === file)
      const last = batches.at(-1)
      // A day for clocks that differ.
      if (found || !last || field(answer, 'has_more') !== true || last.createdMs < sinceMs - 86_400_000) return found
      after = last.id
    }
    return undefined
  }

  return {
    look: (id: string) => persistently('look for a batch', () => look(id)),
    find: (of: Parameters<typeof find>[0]) => persistently('list the batches', () => find(of)),
    /** Sends a file of requests, read as it is sent, and gives its id. */
    upload: (path: string) =>
      persistently('send a file of requests', async () => {
        const { size } = await stat(path)
        const { type, length, body } = multipart(path, size)
        const sent = { ...headers, 'content-type': type, 'content-length': String(length) }
        const patient = { ...timeouts, totalMs: wholeFileMs }
        const url = below(base, 'files')
        const options = { headers: sent, secrets, timeouts: patient, signal }
        const { json } = await exchangeJson({ method: 'POST', url, body }, options)
        const id = field(json, 'id')
        if (typeof id !== 'string' || id === '') throw unusable('file has no id', json, secrets)
        return id
      }),
    /**
     * Makes a batch of a file. Where the answer to that is lost, the batch may be there all the same, so it is looked for
     * before it is asked for again: it is paid for.
     */
    create: (of: { key: string; file: string; sinceMs: number }) => {
      let isSent = false
      return persistently('make a batch', async () => {
        const made = isSent ? await find(of) : undefined
        if (made) return made
        isSent = true
        const body = {
          input_file_id: of.file,
          endpoint: '/v1/chat/completions',
          completion_window: '24h',
          metadata: { sluice: of.key },
        }
        return readBatch(await json('POST', below(base, 'batches'), body), secrets)
      })
    },
    /** Writes the results of a batch that is over to `path`, one file after another; nothing where it has none. */
    download: ({ results, through }: Batch, path: string) =>
      persistently('fetch the results of a batch', async () => {
        const to = await openFile(path, 'w')
        try {
          let lines = 0
          for (const id of results) {
            const url = below(base, `files/${encodeURIComponent(id)}/content`)
            const patient = { ...timeouts, totalMs: wholeFileMs }
            const answer = await open({ url, headers, timeouts: patient, signal })
            if (answer.status < 200 || answer.status > 299) throw await refusal(answer, secrets)
            lines += await append(to, answer.body)
          }
          // What is missing would be asked for, and paid for, again.
          if (lines < through) throw new HttpFailure('results are incomplete', { retryable: true, status: 200 })
          await to.sync()
        } finally {
          await to.close()
        }
      }),
  }
}

/** Appends pieces to a file, a line feed after the last where there is none, and counts the lines. */
async function append(to: FileHandle, body: AsyncIterable<Uint8Array>): Promise<number> {
  let lines = 0
  let last = 10
  for await (const piece of body) {
    if (piece.length === 0) continue
    await to.appendFile(piece)
    for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) lines++
    last = piece[piece.length - 1]!
  }
  if (last === 10) return lines
  await to.appendFile('\n')
  return lines + 1
}

/** A form with the file and what it is for, as RFC 7578 writes it, in pieces. */
function multipart(path: string, size: number) {
  const boundary = `sluice-${'-'.repeat(16)}${size.toString(36)}`
  const part = (head: string) => `--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n`
  const before = Buffer.from(
    `${part('name="purpose"')}\r\nbatch\r\n${part(`name="file"; filename="${basename(path)}"`)}content-type: application/jsonl\r\n\r\n`,
  )
  const after = Buffer.from(`\r\n--${boundary}--\r\n`)
  const pieces = async function* () {
    yield before
    yield* createReadStream(path)
    yield after
  }
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: before.length + size + after.length,
    body: Readable.from(pieces(), { objectMode: false }),
  }
}

/** Ids are shown to people, so none may write to their terminal. */
const plainId = /^[\w.:/-]{1,200}$/

/** Believes nothing of what a server says of a batch; throws a retryable HttpFailure where it is none. */
function readBatch(answer: unknown, secrets: readonly string[]): Batch {
  const [id, status] = [field(answer, 'id'), field(answer, 'status')]
  if (typeof id !== 'string' || !plainId.test(id) || typeof status !== 'string') {
    throw unusable('batch has no id or no status', answer, secrets)
  }
  const files = [field(answer, 'output_file_id'), field(answer, 'error_file_id')]
  const message = field(answer, 'errors', 'data', 0, 'message')
  return {
    id,
    status: redact(status, secrets),
    input: field(answer, 'input_file_id'),
    key: field(answer, 'metadata', 'sluice'),
    createdMs: Number(field(answer, 'created_at')) * 1000,
    results: files.filter((file) => typeof file === 'string' && file !== '') as string[],
    through: Number(field(answer, 'request_counts', 'completed')) + Number(field(answer, 'request_counts', 'failed')),
    problem: typeof message === 'string' ? redact(message, secrets) : undefined,
    isPutOff: status === 'failed' && field(answer, 'errors', 'data', 0, 'code') === 'token_limit_exceeded',
  }
}

function verdict(what: string, failure: HttpFailure): Error {
  const { status = 0, message } = failure
  const said = `Cannot ${what}: ${message}`
  if (status === 401 || status === 402 || status === 403) {
    const fix = 'Check the key, the environment variable it comes from, and what it may be used for.'
    return new RefusedError(`The endpoint refuses the key or the account. ${said}`, { cause: failure, fix })
  }
  if (status === 404 || status === 405 || status === 501) {
    const fix = 'Leave --batch out where the endpoint has no Files and Batches interface.'
    return new RefusedError(`The endpoint does not know what it is asked for. ${said}`, { cause: failure, fix })
  }
  if (!failure.retryable) return new RefusedError(`The endpoint takes no batch. ${said}`, { cause: failure })
  const fix = 'Run the same command again later: it resumes, and batches go on without it.'
  return new EndpointError(`The endpoint cannot be reached or does not work. ${said}`, { cause: failure, fix })
}
