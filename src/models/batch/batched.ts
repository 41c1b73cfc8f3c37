import { type Clock, systemClock } from '../../http/clock.js'
import { HttpFailure } from '../../http/failure.js'
import { UsageError } from '../../stream/errors.js'
import { callKey } from '../key.js'
import { type OpenAiAddress, type OpenAiOptions, openaiAddress } from '../openai.js'
import { type AskOptions, type Call, CallFailure, type Model, type Reply } from '../types.js'
import { batchApi } from './api.js'
import { batchCourse } from './course.js'
import { gatherer } from './gather.js'
import { keyOfLine, readLines, replyOfLine } from './results.js'
import { type BatchStore, batchStore, type Place, readPlace, type StoredBatch } from './store.js'
import { waitingCalls } from './waiting.js'

export type BatchOptions = OpenAiOptions & {
  /** Where the run keeps what it needs to find its batches again. */
  readonly folder: string
  /** Whether the reply of a call is kept elsewhere by now, so that it need not be remembered here; default never. */
  readonly isKept?: (key: string) => Promise<boolean>
  /** Most requests of a batch; default 10,000. OpenAI takes 50,000. */
  readonly requests?: number | undefined
  /** Longest pause between two looks at a batch, in milliseconds; default one minute. */
  readonly pollMs?: number | undefined
  /** A batch is sent once no further call has come for so long, in milliseconds; default two seconds, or `pollMs`. */
  readonly gatherMs?: number | undefined
  /** Told when a batch is sent, taken up again or over. */
  readonly note?: ((text: string) => void) | undefined
  readonly clock?: Clock
}

/** What OpenAI takes in a file of requests. */
const mostBytes = 200_000_000

/**
 * A model behind OpenAI's Files and Batches. Calls that come together are gathered into a batch, sent once it is full or no
 * further call comes; each call resolves when its batch is over. The id and the keys are those of `openaiModel`, so that both
 * share a journal. Batches outlive the process: opened again on its folder, the model takes them up where they are.
 * Rejects as `openaiModel` does, and with a retryable HttpFailure where a batch left a call without an answer.
 */
export async function batchedModel(name: string, options: BatchOptions): Promise<Model> {
  const closing = new AbortController()
  const batches = openBatches(name, options, closing.signal)
  const { store, course, following, gathered } = batches
  for (const batch of await store.list()) {
    const taken = batch.isDone ? await remember(batches, batch) : await course.takeUp(batch)
    if (taken) follow(batches, taken.keys, taken.results)
  }
  return {
    id: batches.id,
    ask: (call, asked) => askInBatch(batches, call, asked),
    async score() {
      throw new UsageError('Batches bring no log-probabilities', { fix: 'Leave --batch out.' })
    },
    async close() {
      gathered.stop()
      closing.abort(new Error('the model is closed'))
      await Promise.allSettled(following)
    },
  }
}

/** The calls and batches of a model that is open. */
type Batches = Pick<OpenAiAddress, 'id' | 'secrets' | 'chatBody'> & {
  readonly store: BatchStore
  readonly course: ReturnType<typeof batchCourse>
  readonly isKept: (key: string) => Promise<boolean>
  readonly waiting: ReturnType<typeof waitingCalls>
  readonly gathered: ReturnType<typeof gatherer>
  /** Calls in batches that are not over, waited for or not. */
  readonly underWay: Set<string>
  /** Replies that came while nobody waited for them. */
  readonly unclaimed: Map<string, Place>
  readonly following: Set<Promise<void>>
  failed?: { readonly error: unknown }
}

function openBatches(name: string, options: BatchOptions, signal: AbortSignal): Batches {
  const { folder, requests: most = 10_000, pollMs = 60_000, gatherMs = Math.min(2000, pollMs) } = options
  const { note = () => {}, isKept = async () => false, timeouts, clock = systemClock } = options
  const address = openaiAddress(name, options)
  const store = batchStore(folder)
  const api = batchApi(address, { timeouts, clock, signal })
  const batches: Batches = {
    ...address,
    store,
    course: batchCourse({ api, store, pollMs, note, clock, signal }),
    isKept,
    waiting: waitingCalls(),
    gathered: gatherer({ most, mostBytes, gatherMs, onFull: (keys) => sendBatch(batches, keys) }),
    underWay: new Set(),
    unclaimed: new Map(),
    following: new Set(),
  }
  return batches
}

async function askInBatch(
  batches: Batches,
  call: Call,
  { signal: giveUp, stop = giveUp, key = callKey(batches.id, call) }: AskOptions = {},
): Promise<Reply> {
  const { failed, unclaimed, waiting, underWay, gathered, secrets } = batches
  stop?.throwIfAborted()
  if (failed) throw failed.error
  const place = unclaimed.get(key)
  if (place) {
    unclaimed.delete(key)
    return replyOfLine(await readPlace(place), secrets)
  }
  const bytes = bytesOf(batches, key, call)
  if (bytes > mostBytes) throw new CallFailure('request too long', { attempts: 0, message: `${bytes} bytes` })
  const reply = waiting.wait(key, call, { stop, onStop: () => gathered.remove(key) })
  if (!underWay.has(key)) gathered.add(key, bytes)
  return reply
}

function sendBatch(batches: Batches, keys: readonly string[]): void {
  const { waiting, course } = batches
  const isWanted = () => keys.some((key) => waiting.get(key) !== undefined)
  follow(batches, keys, course.send(linesOf(batches, keys), { requests: keys.length, isWanted }))
}

/** Waits for a batch and hands out what it brings. */
function follow(batches: Batches, keys: readonly string[], results: Promise<StoredBatch | undefined>): void {
  const { underWay, waiting, following } = batches
  for (const key of keys) underWay.add(key)
  const followed = results
    .then((batch) => (batch ? handOut(batches, batch, keys) : letGo(batches, keys)))
    .catch((error) => {
      // What ends one batch ends the run, which can be gone on with.
      batches.failed ??= { error }
      waiting.rejectAll(error)
    })
    .finally(() => following.delete(followed))
  following.add(followed)
}

/** Gives each reply of a batch to whoever waits for it. */
async function handOut(batches: Batches, batch: StoredBatch, keys: readonly string[]): Promise<void> {
  const { store, underWay, unclaimed, waiting, secrets } = batches
  const unanswered = new Set(keys)
  const path = store.resultsOf(batch)
  for await (const { text, ...place } of readLines(path)) {
    const key = keyOfLine(text)
    if (key === undefined || !unanswered.delete(key)) continue
    underWay.delete(key)
    const waiter = waiting.get(key)
    const reply = settled(() => replyOfLine(text, secrets))
    if (waiter === undefined) {
      if ('value' in reply) unclaimed.set(key, { path, ...place })
    } else if ('value' in reply) waiter.resolve(reply.value)
    else waiter.reject(reply.error)
  }
  for (const key of unanswered) {
    underWay.delete(key)
    waiting.get(key)?.reject(new HttpFailure('not among the results', { retryable: true, status: 200 }))
  }
}

/** Of a batch that was not sent: whoever asks for one of its calls by now waits for the next. */
function letGo(batches: Batches, keys: readonly string[]): void {
  const { underWay, waiting, gathered } = batches
  for (const key of keys) {
    underWay.delete(key)
    const waiter = waiting.get(key)
    if (waiter) gathered.add(key, bytesOf(batches, key, waiter.call))
  }
}

/** Remembers the replies of a batch that was over before, but for those that are kept elsewhere by now. */
async function remember({ store, secrets, isKept, unclaimed }: Batches, batch: StoredBatch): Promise<undefined> {
  const path = store.resultsOf(batch)
  let isNeeded = false
  for await (const { text, ...place } of readLines(path)) {
    const key = keyOfLine(text)
    if (key === undefined || 'error' in settled(() => replyOfLine(text, secrets)) || (await isKept(key))) continue
    unclaimed.set(key, { path, ...place })
    isNeeded = true
  }
  if (!isNeeded) await store.drop(batch)
}

function* linesOf(batches: Batches, keys: readonly string[]): Generator<string> {
  for (const key of keys) {
    const waiter = batches.waiting.get(key)
    if (waiter) yield lineOf(batches, key, waiter.call)
  }
}

function lineOf({ chatBody }: Batches, key: string, call: Call): string {
  return `${JSON.stringify({ custom_id: key, method: 'POST', url: '/v1/chat/completions', body: chatBody(call) })}\n`
}

function bytesOf(batches: Batches, key: string, call: Call): number {
  return Buffer.byteLength(lineOf(batches, key, call))
}

function settled<T>(read: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}
