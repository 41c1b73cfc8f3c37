import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { CorruptInputError } from '../stream/errors.js'
import { type PlainError, revivedError } from '../stream/plain-error.js'
import type { Batches } from '../stream/types.js'
import { defaultLimits, type Limits, limitFlag } from './limits.js'
import type { Columns, DescribeOptions, Description, Shard, ShardReadOptions } from './types.js'

/** What the process that decodes is asked, and what it answers; `alive` says only that it is not stuck. */
export type Question =
  | { readonly kind: 'describe' | 'read'; readonly shard: Where; readonly options: ShardReadOptions }
  | { readonly kind: 'next' }
export type Answer =
  | { readonly kind: 'rows'; readonly rows: readonly Columns[] }
  | { readonly kind: 'end'; readonly description?: Description }
  | { readonly kind: 'error'; readonly error: PlainError }
  | { readonly kind: 'alive' }

type Where = Pick<Shard, 'path' | 'format'>

/**
 * A shard's rows, decoded in another process: one that dies or hangs on it is a CorruptInputError here. One batch is decoded
 * ahead of the one that is being used, and no more.
 */
export async function* readIsolated(shard: Where, { signal, ...options }: ShardReadOptions): Batches<Columns> {
  signal?.throwIfAborted()
  const decoder = takeDecoder(shard, options.limits)
  const ask = (question: Question) => {
    const answer = decoder.ask(question, signal)
    // Heard of where it is awaited, or of no use any more.
    answer.catch(() => {})
    return answer
  }
  let isOver = false
  try {
    let coming = ask({ kind: 'read', shard, options })
    for (;;) {
      const answer = await coming
      isOver = answer.kind !== 'rows'
      if (answer.kind === 'error') throw revivedError(answer.error)
      if (answer.kind !== 'rows') return
      coming = ask({ kind: 'next' })
      yield answer.rows
    }
  } finally {
    if (isOver) decoder.release()
    else await decoder.kill()
  }
}

/** What a shard says of itself, found out in another process. */
export async function describeIsolated(
  shard: Where,
  { signal, ...options }: DescribeOptions = {},
): Promise<Description> {
  signal?.throwIfAborted()
  const decoder = takeDecoder(shard, options.limits)
  let isOver = false
  try {
    const answer = await decoder.ask({ kind: 'describe', shard, options }, signal)
    isOver = true
    if (answer.kind === 'error') throw revivedError(answer.error)
    return (answer as { description: Description }).description
  } finally {
    if (isOver) decoder.release()
    else await decoder.kill()
  }
}

type Decoder = {
  /** Answers once; rejects where the process dies, or says nothing for as long as a row group may take. */
  ask(question: Question, signal: AbortSignal | undefined): Promise<Exclude<Answer, { kind: 'alive' }>>
  /** Keeps it for the next shard, as starting one takes a tenth of a second. */
  release(): void
  kill(): Promise<void>
}

type Death = { code: number | null; by: NodeJS.Signals | null; said: string }

let idle: { decoder: Decoder & { use(shard: Where, limits: Limits): void }; heapBytes: number } | undefined

function takeDecoder(shard: Where, given: Partial<Limits> | undefined): Decoder {
  const limits = { ...defaultLimits, ...given }
  const kept = idle
  if (kept !== undefined && shard.path !== '-') {
    idle = undefined
    if (kept.heapBytes === limits.heapBytes) {
      kept.decoder.use(shard, limits)
      return kept.decoder
    }
    void kept.decoder.kill()
  }
  const decoder = startDecoder(shard.path === '-', limits.heapBytes)
  decoder.use(shard, limits)
  return decoder
}

function startDecoder(feedStdin: boolean, heapBytes: number): Decoder & { use(shard: Where, limits: Limits): void } {
  const child = fork(new URL('./isolated-decoder.js', import.meta.url), {
    execArgv: [`--max-old-space-size=${Math.max(1, Math.round(heapBytes / 2 ** 20))}`],
    serialization: 'advanced',
    stdio: [feedStdin ? 'pipe' : 'ignore', 'ignore', 'pipe', 'ipc'],
  })
  const death = whenGone(child)
  let gone: Death | undefined
  // One of each for all questions: a listener a question would pile up over the batches of a large shard.
  let hear: (answer: Answer) => void = () => {}
  let bury: (how: Death) => void = () => {}
  child.on('message', (answer) => hear(answer as Answer))
  void death.then((how) => {
    gone = how
    bury(how)
  })
  // It keeps this process waiting only while it is asked something.
  const stderr = child.stderr as unknown as { ref(): void; unref(): void }
  child.unref()
  child.channel?.unref()
  stderr.unref()
  if (feedStdin) process.stdin.pipe(child.stdin!.on('error', () => {}))
  let used = { path: '', limits: defaultLimits }
  const kill = async () => {
    if (feedStdin) process.stdin.unpipe(child.stdin!).destroy()
    child.kill('SIGKILL')
    if (gone !== undefined) return
    // Waited for, so that nothing of it is left when an error is told; not for ever, as a disk may hold a dying process.
    child.ref()
    stderr.ref()
    await Promise.race([death, delay(5000, undefined, { ref: false })])
    child.unref()
    stderr.unref()
  }
  const decoder = {
    use(shard: Where, limits: Limits) {
      used = { path: shard.path, limits }
    },
    ask: (question: Question, signal: AbortSignal | undefined) =>
      new Promise<Exclude<Answer, { kind: 'alive' }>>((resolve, reject) => {
        const { path, limits } = used
        const settle = (act: () => void) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
          act()
        }
        const onSilence = () => settle(() => reject(silent(path, limits)))
        const onAbort = () => settle(() => reject(signal!.reason))
        let timer = setTimeout(onSilence, limits.groupMs)
        hear = (answer) => {
          if (answer.kind !== 'alive') return settle(() => resolve(answer))
          clearTimeout(timer)
          timer = setTimeout(onSilence, limits.groupMs)
        }
        bury = (how) => settle(() => reject(died(path, how)))
        signal?.addEventListener('abort', onAbort, { once: true })
        // A channel that is closed tells of a death, which is heard of by itself.
        if (gone === undefined) child.send(question, () => {})
        else bury(gone)
      }),
    release() {
      if (feedStdin || gone !== undefined || idle !== undefined) void kill()
      else idle = { decoder, heapBytes }
    },
    kill,
  }
  return decoder
}

function whenGone(child: ChildProcess): Promise<Death> {
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000)
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, by: null, said: error.message }))
    child.once('close', (code, by) => resolve({ code, by, said }))
  })
}

function died(path: string, { code, by, said }: Death): CorruptInputError {
  const how = by ?? `exit code ${code}`
  const words = /FATAL ERROR: [^\n]*/.exec(said)?.[0].slice(0, 300)
  const isMemory = said.includes('out of memory')
  return new CorruptInputError(`${path}: the process that decoded it died of it (${how}${words ? `, ${words}` : ''})`, {
    fix: isMemory
      ? `If you trust this file, raise the limit \`heapBytes\`: ${limitFlag('heapBytes')}.`
      : 'Leave it out: --on-bad-shard skip.',
  })
}

function silent(path: string, { groupMs }: Limits): CorruptInputError {
  return new CorruptInputError(`${path}: the process that decodes it did not answer for ${groupMs} ms`, {
    fix: `If you trust this file, raise the limit \`groupMs\`: ${limitFlag('groupMs')}.`,
  })
}
