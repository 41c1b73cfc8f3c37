import { CorruptInputError } from '../stream/errors.js'
import { type Clock, systemClock } from './clock.js'
import { HttpFailure } from './failure.js'
import { openFollowing } from './redirect.js'
import { refusal } from './refusal.js'
import type { Answer, Timeouts } from './request.js'
import { retrying } from './retry.js'

/** A file behind a URL, and how it is asked for. */
export type RemoteSource = {
  readonly url: URL
  /** What errors call the file. */
  readonly name: string
  /** Headers that only the URL's own host sees; called for each request, as signatures age. */
  readonly hostHeaders?: () => Readonly<Record<string, string>>
  /** Values that no error may repeat. */
  readonly secrets?: readonly string[]
  readonly timeouts?: Partial<Timeouts>
  /** Most requests without any progress between them; default 6. */
  readonly attempts?: number
  readonly clock?: Clock
}

/** What a server tells of a file's present state; two answers that differ in it are not of the same file. */
export type Version = { readonly size?: number; readonly etag?: string; readonly modified?: string }

/** A file behind a URL that answers have been asked of. All of it retries as retry.ts says. */
export type RemoteFile = {
  readonly name: string
  /** What the answers so far told. */
  readonly version: Version
  /** Asks for the first byte alone: tells the size, and whether the server serves ranges. */
  probe(signal?: AbortSignal): Promise<Version & { ranges: boolean }>
  /**
   * The bytes from `start` up to `end` (default: the file's last) in pieces as they arrive. A connection that breaks off
   * or brings next to nothing is followed by a request for the rest; a server without ranges is then read again from the
   * start. Throws a CorruptInputError where the file changed between two answers, else an HttpFailure.
   */
  bytes(start?: number, end?: number, signal?: AbortSignal): AsyncGenerator<Uint8Array>
}

/** Bytes of one answer that count as progress: after them all attempts are open again. */
const progressBytes = 1 << 18

/** The longest that so many bytes are waited for, so that a trickle ends like a stall. */
const longestProgressMs = 60_000

/** A long read may rightly take all day; stalls and trickles have their own limits. */
const longestExchangeMs = 24 * 3_600_000

/** Opens nothing yet; see {@link RemoteFile}. */
export function remoteFile(source: RemoteSource): RemoteFile {
  const { name, attempts = 6, clock } = source
  const state: State = { version: {} }
  return {
    name,
    get version() {
      return state.version
    },
    async probe(signal) {
      const part = await retrying(() => ask(source, state, 0, 1, signal), { attempts, clock, signal })
      try {
        for await (const _ of span(part, 0)) if (!part.ranged) break
      } catch {
        // The head has told all that was asked for.
      }
      signal?.throwIfAborted()
      return { ...state.version, ranges: part.ranged }
    },
    bytes: (start = 0, end, signal) => resumed(source, state, { start, end, signal }),
  }
}

type State = {
  version: Version
  /** Where redirects led, and will lead again until that address stops working. */
  via?: URL
  /** The host whose answers the version is of: mirrors need not agree on more than the size. */
  host?: string
}

const ended = { done: true, value: undefined } as const

type Span = { start: number; end?: number; signal?: AbortSignal }

async function* resumed(source: RemoteSource, state: State, { start, end, signal }: Span): AsyncGenerator<Uint8Array> {
  const { attempts = 6, clock = systemClock } = source
  let at = start
  let failures = 0
  let sinceProgress = 0
  let waitedMs = 0
  let open: { pieces: AsyncGenerator<Uint8Array>; last?: number } | undefined
  const step = async (): Promise<IteratorResult<Uint8Array>> => {
    // Read to its end the answer leaves its connection to the next one; whatever else befalls it no longer matters.
    if (end !== undefined && at >= end) return open?.pieces.next().catch(() => ended) ?? ended
    try {
      if (open === undefined) {
        const part = await ask(source, state, at, end, signal)
        open = { pieces: span(part, at, end), last: part.end }
      }
      if (waitedMs > longestProgressMs) throw new HttpFailure('answer is too slow', { retryable: true })
      const began = clock.now()
      const next = await open.pieces.next()
      waitedMs += clock.now() - began
      if (next.done && at < (open.last ?? at)) throw new HttpFailure('connection cut', { retryable: true })
      return next
    } catch (error) {
      await open?.pieces.return(undefined).catch(() => {})
      open = undefined
      waitedMs = 0
      sinceProgress = 0
      throw error
    }
  }
  try {
    for (;;) {
      const next = await retrying(step, {
        ...{ attempts: Math.max(1, attempts - failures), clock, signal },
        onRetry: () => {
          failures++
        },
      })
      if (next.done) {
        const whole = end ?? state.version.size
        if (whole === undefined || at >= whole) return
        // The server gave less than asked for, as it may: the rest is asked for next.
        open = undefined
        continue
      }
      at += next.value.length
      sinceProgress += next.value.length
      if (sinceProgress >= progressBytes) {
        sinceProgress = 0
        failures = 0
        waitedMs = 0
      }
      yield next.value
    }
  } finally {
    await open?.pieces.return(undefined)
  }
}

/** One answer's body: the bytes from `start` up to `end` of the file, `end` absent where the server did not tell. */
type Part = { start: number; end?: number; ranged: boolean; body: Answer['body'] | [] }

/** The pieces of a part that lie between `start` and `end`. */
async function* span(part: Part, start: number, end = part.end): AsyncGenerator<Uint8Array> {
  let at = part.start
  for await (const piece of part.body) {
    const from = Math.max(0, start - at)
    const to = end === undefined ? piece.length : Math.min(piece.length, end - at)
    at += piece.length
    if (part.end !== undefined && at > part.end) throw new HttpFailure('answer is too long', { retryable: true })
    if (from < to) yield piece.subarray(from, to)
    if (end !== undefined && at >= end && end !== part.end) return
  }
  if (at < start) throw new HttpFailure('connection cut', { retryable: true })
}

/** One request, and what its answer says of the file. */
async function ask(
  source: RemoteSource,
  state: State,
  start: number,
  end: number | undefined,
  signal?: AbortSignal,
): Promise<Part> {
  const answer = await get(source, state, rangeHeader(start, end), signal)
  const { status, headers } = answer
  try {
    if (status === 200) {
      settle(source, state, { ...versionOf(headers), size: wholeNumber(headers['content-length']) })
      // From the start it can be carried on, but not for every piece anew.
      if (start > 0 && end !== undefined) throw new HttpFailure('its server serves no ranges', { retryable: true })
      return { start: 0, end: state.version.size, ranged: false, body: answer.body }
    }
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '')
    const size = wholeNumber(range?.[3])
    if (status === 416 && size === start) {
      settle(source, state, { ...versionOf(headers), size })
      // The file ends where the range begins, so there is nothing to bring.
      for await (const _ of answer.body) break
      return { start, end: start, ranged: true, body: [] }
    }
    if (status !== 206) throw await refusal(answer, source.secrets)
    const [first, last] = [Number(range?.[1]), Number(range?.[2])]
    if (first !== start || !(last >= first) || last >= (end ?? Infinity) || last >= (size ?? Infinity)) {
      const detail = `asked for bytes from ${start}, got \`${headers['content-range'] ?? 'no Content-Range'}\``
      throw new HttpFailure('wrong range', { retryable: true, status, detail: detail.slice(0, 200) })
    }
    settle(source, state, { ...versionOf(headers), size })
    return { start, end: last + 1, ranged: true, body: answer.body }
  } catch (error) {
    for await (const _ of answer.body) break
    throw error
  }
}

function rangeHeader(start: number, end: number | undefined): Record<string, string> {
  return start === 0 && end === undefined ? {} : { range: `bytes=${start}-${end === undefined ? '' : end - 1}` }
}

/** An answer from where redirects led last time, or from the start where that address no longer serves. */
async function get(
  source: RemoteSource,
  state: State,
  range: Record<string, string>,
  signal?: AbortSignal,
): Promise<Answer> {
  const { url: start, hostHeaders, timeouts } = source
  const request = {
    ...{ start, from: state.via, signal, hostHeaders: hostHeaders?.() },
    // A body that the server packs on the way has other offsets than the file.
    headers: { ...range, 'accept-encoding': 'identity' },
    timeouts: { totalMs: longestExchangeMs, ...timeouts },
  }
  let led = await openFollowing(request)
  if (state.via !== undefined && [401, 403, 404, 410].includes(led.answer.status)) {
    state.via = undefined
    for await (const _ of led.answer.body) break
    led = await openFollowing({ ...request, from: start })
  }
  if (led.url.host !== state.host) state.version = { size: state.version.size }
  state.host = led.url.host
  state.via = led.url.href === start.href ? undefined : led.url
  return led.answer
}

function versionOf(headers: Answer['headers']): Version {
  return { etag: headers.etag, modified: headers['last-modified'] }
}

/** Takes note of what an answer says of the file, or throws where an earlier one said otherwise. */
function settle({ name }: RemoteSource, state: State, now: Version): void {
  const was = state.version
  const differs = (key: keyof Version) => was[key] !== undefined && now[key] !== undefined && was[key] !== now[key]
  const sameTag = was.etag !== undefined && was.etag === now.etag
  if (differs('size') || differs('etag') || (!sameTag && differs('modified'))) {
    throw new CorruptInputError(`${name}: it changed while being read`, {
      fix: 'Run again once nobody writes to it any more, or read a copy.',
    })
  }
  state.version = {
    size: was.size ?? now.size,
    etag: was.etag ?? now.etag,
    modified: was.modified ?? now.modified,
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}
