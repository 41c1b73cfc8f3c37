import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { UsageError } from '../stream/errors.js'

/** What Node, the code, the bundled embedder and the blocks in which shards are read and written take (`benchmarks/select-memory.mjs`). */
const alwaysBytes = 192 * 2 ** 20
/** What each thread beyond the first takes for itself. */
const workerBytes = 100 * 2 ** 20

/** What a run may take, and how many threads are to share it. */
export type MemoryBound = { readonly maxMemory?: number | undefined; readonly workers?: number | undefined }

/** Share of the bound from which garbage is looked for at once, and how often memory is looked at. */
const tight = 0.85
const lookMs = 50
/** Time between two collections below the bound, in times of what the last one took. */
const restTimes = 10

/** Throws a UsageError where a run that is to hold so many bytes beside what every run holds would pass its bound. */
export function requireMemory(
  { maxMemory, workers = 1 }: MemoryBound,
  bytes: number,
  { what, fix }: { what: string; fix: string },
): void {
  const needed = alwaysBytes + (workers - 1) * workerBytes + bytes
  if (maxMemory === undefined || needed <= maxMemory) return
  throw new UsageError(
    `${what[0]!.toUpperCase()}${what.slice(1)} need about ${megabytes(needed)}, and --max-memory is ${megabytes(maxMemory)}`,
    { fix },
  )
}

/**
 * Does a run whose process may take `maxMemory` bytes: near the bound garbage is collected at once, and a run that would go
 * on beyond it stops with a UsageError. What is committed stays, so that it resumes with more.
 */
export async function withinMemory<T>(
  bound: MemoryBound,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const { maxMemory, workers = 1 } = bound
  if (maxMemory === undefined) return run(signal)
  requireMemory(bound, 0, {
    what: 'The process and the blocks it reads and writes in',
    fix: `Allow at least ${megabytes(alwaysBytes + (workers - 1) * workerBytes)}.`,
  })
  const stop = new AbortController()
  const look = memoryGuard({ maxMemory, collect: garbageCollector(), held: process.memoryUsage.rss })
  const timer = setInterval(() => {
    const held = look()
    if (held > maxMemory) stop.abort(beyond(held, maxMemory))
  }, lookMs)
  try {
    return await run(signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]))
  } finally {
    clearInterval(timer)
  }
}

export type MemoryGuardOptions = {
  maxMemory: number
  /** Collects garbage. */
  collect(): void
  /** Bytes held now. */
  held(): number
  now?(): number
}

/**
 * A look at what is held, in bytes. Near the bound it collects garbage first, at most a tenth of the time: memory that stays
 * near it is mostly in use. Beyond the bound it always does, as the run ends there if that frees nothing.
 */
export function memoryGuard({
  maxMemory,
  collect,
  held,
  now = () => performance.now(),
}: MemoryGuardOptions): () => number {
  let restsUntil = Number.NEGATIVE_INFINITY
  return () => {
    const before = held()
    if (before < tight * maxMemory || (before <= maxMemory && now() < restsUntil)) return before
    const start = now()
    collect()
    const end = now()
    restsUntil = end + restTimes * (end - start)
    return held()
  }
}

function beyond(held: number, maxMemory: number): UsageError {
  return new UsageError(`The run holds ${megabytes(held)}, and --max-memory is ${megabytes(maxMemory)}`, {
    fix: 'Run the same command with more: it goes on where it was. Or start again with fewer rows to choose or clusters.',
  })
}

/** V8's own, which a running process can still ask for. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`
}
