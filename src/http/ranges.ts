import { CorruptInputError } from '../stream/errors.js'
import { HttpFailure } from './failure.js'
import type { RemoteFile } from './remote-file.js'

/** Bytes of a remote file, wherever in it. */
export type RangeReader = {
  readonly size: number
  /** Exactly the bytes from `start` up to `end`. */
  read(start: number, end: number): Promise<ArrayBuffer>
  /** Ends whatever is under way. */
  close(): Promise<void>
}

const blockBytes = 1 << 19
/** Blocks kept: 48 MiB, a block and its read-ahead for each of 24 columns that are walked side by side. */
const mostBlocks = 96
const blocksAhead = 3
const mostRequests = 4
/** Reads from here on are the caller's own memory, brought in parts side by side, and not kept. */
const largeRead = 8 * blockBytes
/** A server without ranges must send the whole file, which is then held; a larger one is refused. */
const mostHeld = 1 << 26

/**
 * Opens a file for reads anywhere by Range requests, at most four at once. Small reads share blocks of 512 KiB, of which
 * the 96 last used are kept until they are read to their end; where reads go on from one block to the next, three more are fetched ahead.
 */
export async function openRanges(file: RemoteFile, signal?: AbortSignal): Promise<RangeReader> {
  const { size, ranges } = await file.probe(signal)
  if (size === undefined || !ranges) return readWhole(file, size, signal)
  const stop = new AbortController()
  const onAbort = () => stop.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const enter = gate(mostRequests)
  const fetchRange = (start: number, end: number) =>
    enter(() => gather(file, start, end, new Uint8Array(end - start), stop.signal))
  const block = blockCache(size, fetchRange)
  return {
    size,
    async read(start, end) {
      checkWithin(file.name, start, end, size)
      const bytes = new Uint8Array(end - start)
      await (bytes.length >= largeRead ? readParts(bytes, start, fetchRange) : readBlocks(bytes, start, block))
      return bytes.buffer
    },
    async close() {
      signal?.removeEventListener('abort', onAbort)
      stop.abort(new Error(`${file.name} was closed`))
    },
  }
}

type Fetch = (start: number, end: number) => Promise<Uint8Array>

async function readParts(bytes: Uint8Array, start: number, fetchRange: Fetch): Promise<void> {
  const starts = Array.from({ length: Math.ceil(bytes.length / largeRead) }, (_, part) => part * largeRead)
  await settleAll(
    starts.map(async (from) => {
      bytes.set(await fetchRange(start + from, start + Math.min(bytes.length, from + largeRead)), from)
    }),
  )
}

async function readBlocks(bytes: Uint8Array, start: number, block: TakeBlock) {
  const first = Math.floor(start / blockBytes)
  const count = bytes.length === 0 ? 0 : Math.floor((start + bytes.length - 1) / blockBytes) - first + 1
  await settleAll(
    Array.from({ length: count }, async (_, index) => {
      const from = (first + index) * blockBytes
      const held = await block(first + index, start + bytes.length >= from + blockBytes)
      bytes.set(held.subarray(Math.max(0, start - from), start + bytes.length - from), Math.max(0, from - start))
    }),
  )
}

/** Waits for all, then throws the first failure: a sibling that fails later is heard as well. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Gives a block of the file; one read to its end is let go, as reads seldom turn back. */
type TakeBlock = (index: number, toItsEnd: boolean) => Promise<Uint8Array>

/** The blocks last used, fetched when first asked for, and ahead of being asked for where the one before was. */
function blockCache(size: number, fetchRange: Fetch): TakeBlock {
  // In the order of their last use.
  const kept = new Map<number, Promise<Uint8Array>>()
  const take = (index: number): Promise<Uint8Array> => {
    const from = index * blockBytes
    const block = kept.get(index) ?? fetchRange(from, Math.min(size, from + blockBytes))
    kept.delete(index)
    kept.set(index, block)
    // A failure is not kept, and one of a block fetched ahead is nobody's until it is asked for again.
    block.catch(() => kept.get(index) === block && kept.delete(index))
    for (const oldest of kept.keys()) {
      if (kept.size <= mostBlocks) break
      kept.delete(oldest)
    }
    return block
  }
  // Grows by a number for each block read to its end, 2000 in a gigabyte.
  const finished = new Set<number>()
  return (index, toItsEnd) => {
    const block = take(index)
    const goesOn = finished.has(index - 1) || kept.has(index - 1)
    if (toItsEnd) {
      finished.add(index)
      kept.delete(index)
    }
    for (let ahead = index + 1; goesOn && ahead <= index + blocksAhead; ahead++) {
      if (ahead * blockBytes < size && !kept.has(ahead) && !finished.has(ahead)) void take(ahead)
    }
    return block
  }
}

/** Lets at most `most` run at once, in the order they came. */
function gate(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next !== undefined) next()
      else running--
    }
  }
}

/** Fills `into` with the bytes from `start` up to `end`. */
async function gather(file: RemoteFile, start: number, end: number, into: Uint8Array, signal?: AbortSignal) {
  let filled = 0
  for await (const piece of file.bytes(start, end, signal)) {
    into.set(piece, filled)
    filled += piece.length
  }
  if (filled < into.length) throw new CorruptInputError(`${file.name}: it became shorter while being read`)
  return into
}

async function readWhole(file: RemoteFile, size: number | undefined, signal?: AbortSignal): Promise<RangeReader> {
  const pieces: Uint8Array[] = []
  let length = 0
  const tooLarge = () =>
    new HttpFailure('its server serves no ranges', {
      retryable: false,
      detail: `and ${size === undefined ? 'more than 64 MiB' : `${size} bytes`} are too many to hold`,
    })
  if (size !== undefined && size > mostHeld) throw tooLarge()
  for await (const piece of file.bytes(0, undefined, signal)) {
    length += piece.length
    if (length > mostHeld) throw tooLarge()
    pieces.push(piece)
  }
  const whole = new Uint8Array(length)
  let filled = 0
  for (const piece of pieces) {
    whole.set(piece, filled)
    filled += piece.length
  }
  return {
    size: length,
    async read(start, end) {
      checkWithin(file.name, start, end, length)
      return whole.slice(start, end).buffer
    },
    async close() {},
  }
}

function checkWithin(name: string, start: number, end: number, size: number): void {
  if (start >= 0 && start <= end && end <= size) return
  throw new CorruptInputError(`${name}: bytes ${start} to ${end} lie outside its ${size} bytes`)
}
