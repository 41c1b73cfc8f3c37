import { below, describeUrl, parseEndpoint } from '../http/endpoint.js'
import { certificateNotTrusted, HttpFailure, trustFix } from '../http/failure.js'
import { postJson } from '../http/json.js'
import { type RetryOptions, retrying } from '../http/retry.js'
import { takeTurns } from '../http/turns.js'
import { whenAborted } from '../http/when-aborted.js'
import { EndpointError, RefusedError } from '../stream/errors.js'
import { columnTexts } from '../text/column.js'
import type { Embedder } from './types.js'

export type EndpointEmbedderOptions = {
  /** Where the API begins, such as `http://127.0.0.1:8080/v1`. */
  readonly endpoint: string
  readonly model: string
  readonly apiKey?: string
  /** Most texts in one request; default {@link textsInRequest}. */
  readonly batchRows?: number
  /** Requests in flight at once; default 8. */
  readonly concurrency?: number
  /** Most requests started in a minute, evenly spread; default no limit. */
  readonly requestsPerMinute?: number
  /** Plain http to another machine; default false. */
  readonly allowHttp?: boolean
  readonly retry?: Omit<RetryOptions, 'signal'>
}

/** Texts in one request, where nobody says otherwise. */
export const textsInRequest = 64

type Ask = (texts: readonly string[], signal?: AbortSignal) => Promise<readonly Float32Array[]>

/**
 * An embedder behind an OpenAI-compatible `/v1/embeddings`, its vectors brought to length 1. One short text is embedded
 * at once to learn the dimensions. Rejects with a RefusedError (key, account, model) or an EndpointError (everything else
 * that retrying did not mend, as vectors that cannot be had cannot be replaced).
 */
export async function endpointEmbedder(options: EndpointEmbedderOptions): Promise<Embedder> {
  const { endpoint, model, batchRows = textsInRequest, allowHttp } = options
  const base = parseEndpoint(endpoint, { allowHttp })
  const id = `endpoint:${describeUrl(base).replace(/^https?:\/\//, '')}:${model}`
  const ask = asker(base, id, options)
  const [probe] = await ask(['How long is a vector?'])
  const dimensions = probe!.length

  return {
    id,
    dimensions,
    async embed(given, { signal } = {}) {
      const texts = 'offsets' in given ? columnTexts(given) : given
      const all = new Float32Array(texts.length * dimensions)
      const starts = Array.from({ length: Math.ceil(texts.length / batchRows) }, (_, batch) => batch * batchRows)
      await atOnce(starts, signal, async (from, signal) => {
        const vectors = await ask(texts.slice(from, from + batchRows), signal)
        for (const [n, vector] of vectors.entries()) {
          if (vector.length !== dimensions) {
            throw new EndpointError(`${id} answers with ${vector.length} dimensions, and before with ${dimensions}.`)
          }
          all.set(vector, (from + n) * dimensions)
        }
      })
      return all
    },
  }
}

/** Does all of it at once; the first failure stops the others, and is told when all have ended. */
async function atOnce<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  signal?.throwIfAborted()
  // Not AbortSignal.any, which keeps a signal that is listened to for as long as the one it follows.
  const release = signal && whenAborted(signal, () => stop.abort(signal.reason))
  let failed: { error: unknown } | undefined
  const lanes = items.map((item) =>
    work(item, stop.signal).catch((error) => {
      failed ??= { error }
      stop.abort(error)
    }),
  )
  await Promise.all(lanes)
  release?.()
  if (failed !== undefined) throw failed.error
}

function asker(base: URL, id: string, options: EndpointEmbedderOptions): Ask {
  const { model, apiKey, concurrency = 8, requestsPerMinute, retry } = options
  const inTurn = takeTurns({ concurrency, requestsPerMinute, ...(retry?.clock && { clock: retry.clock }) })
  const url = base.pathname.endsWith('/embeddings') ? base : below(base, 'embeddings')
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const secrets = apiKey === undefined ? [] : [apiKey]
  return async (texts, signal) => {
    try {
      return await retrying(
        async () => {
          // Servers refuse an empty text; a blank one has no more to say.
          const input = texts.map((text) => (text === '' ? ' ' : text))
          const body = { model, input, encoding_format: 'float' }
          // Vectors are long: 64 of 4,096 dimensions, in decimal, are about 6 MB.
          const request = { headers, secrets, signal, maxBytes: 100_000_000 }
          return inTurn(async () => readVectors(await postJson(url, body, request), texts.length), signal)
        },
        {
          ...retry,
          signal,
          onFailure(failure, attempt) {
            // llama.cpp says it with a 500, which would be asked again.
            if (tooLong.test(failure.message)) throw verdict(id, failure, apiKey !== undefined)
            retry?.onFailure?.(failure, attempt)
          },
        },
      )
    } catch (error) {
      throw error instanceof HttpFailure ? verdict(id, error, apiKey !== undefined) : error
    }
  }
}

/** The vectors of an embeddings answer in the order of the texts; a retryable HttpFailure where it is not one. */
function readVectors(answer: unknown, count: number): Float32Array[] {
  const data = (answer as { data?: unknown } | null)?.data
  if (!Array.isArray(data) || data.length !== count) {
    throw broken(`expected ${count} vectors, got ${Array.isArray(data) ? data.length : 'none'}`)
  }
  const vectors: Float32Array[] = new Array(count)
  for (const item of data) {
    const index = item?.index
    if (!Number.isInteger(index) || index < 0 || index >= count || vectors[index] !== undefined) {
      throw broken('vectors are not numbered one for each text')
    }
    vectors[index] = unit(item.embedding)
  }
  const length = vectors[0]!.length
  if (vectors.some((vector) => vector.length !== length)) throw broken('vectors of different lengths')
  return vectors
}

/** A vector brought to length 1; one of zeros stays. */
function unit(values: unknown): Float32Array {
  if (!Array.isArray(values) || values.length === 0) throw broken('a vector is not an array of numbers')
  let squares = 0
  for (const value of values) {
    if (!Number.isFinite(value)) throw broken('a vector has something else than numbers in it')
    squares += value * value
  }
  if (!Number.isFinite(squares)) throw broken('a vector has something else than numbers in it')
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares)
  return Float32Array.from(values, (value) => value * scale)
}

function broken(detail: string): HttpFailure {
  return new HttpFailure('answer is not embeddings', { retryable: true, status: 200, detail })
}

/** What llama.cpp, OpenAI, vLLM and TEI say of a text that is longer than their model takes. */
const tooLong =
  /too large to process|exceeds the available context|maximum context length|must have less than \d+ tokens/i

function verdict(id: string, failure: HttpFailure, hasKey: boolean): Error {
  const { status = 0, message } = failure
  if ([401, 402, 403, 404].includes(status)) {
    const fix =
      status === 401 && !hasKey
        ? 'It was sent no key: name the variable that holds its own (--embedder-api-key-env).'
        : 'Check the key, the name of the model, and that the endpoint ends where its API begins, usually in /v1.'
    return new RefusedError(`The endpoint refuses to embed. ${id}: ${message}`, { cause: failure, fix })
  }
  return new EndpointError(`The endpoint cannot embed. ${id}: ${message}`, { cause: failure, fix: fixFor(failure) })
}

function fixFor({ status, reason, message }: HttpFailure): string {
  if (status === 501) return 'Start the server with embeddings switched on (llama.cpp: --embeddings).'
  if (reason === certificateNotTrusted) return trustFix
  return tooLong.test(message)
    ? 'Leave long texts out (sluice filter), or have the server take longer ones (llama.cpp: --ubatch-size).'
    : 'Check the endpoint, then run the same command again: it resumes.'
}
