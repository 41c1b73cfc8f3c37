import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { asDiskError, DiskError } from '../stream/errors.js'
import { syncFolder } from '../stream/sync-folder.js'
import { noSpending, type Spending } from './budget.js'
import { openReaders } from './journal-readers.js'
import { decodeRecord, encodeRecord } from './journal-record.js'
import { readRecord, scanSegment } from './journal-scan.js'
import { addSpending } from './journal-spending.js'
import { callKey } from './key.js'
import { usageOf } from './token-counter.js'
import type { AskOptions, Model, Usage } from './types.js'
import { type Answer, type Question, type Send, wrapped } from './wrapped.js'

/** Replies on disk, by key. What `append` resolved for survives a crash of the process and of the machine. */
export type Journal = {
  read(key: string): Promise<Answer | undefined>
  /**
   * Resolves once the reply is on the disk; rejects with a DiskError, and from then on every append does. `spent` is what it
   * took; default what its server said.
   */
  append(key: string, answer: Answer, spent?: Usage): Promise<void>
  /** What the replies took that were appended since it was opened. */
  readonly appended: Readonly<Spending>
  /** Throws the DiskError that stopped the journal, if one did: a reply that cannot be kept is not worth paying for. */
  check(): void
  /** How many calls were answered from the disk, and how many went to the model. */
  readonly counts: { hits: number; calls: number }
  /** Segments whose last bytes were being written when their process died; nobody was handed those, and they are passed over. */
  readonly torn: readonly { readonly segment: string; readonly bytes: number }[]
  close(): Promise<void>
}

export type JournalOptions = {
  /** After so many bytes another segment is begun; default 64 MB. */
  readonly segmentBytes?: number
  /** Told of each segment that is begun, before a reply is written to it. */
  readonly onSegment?: (path: string) => Promise<void>
}

/**
 * Opens the journal in `folder`, which is made where it is missing. Every opening writes segments of its own, so several
 * processes may share a folder; each sees what was there when it opened. Memory: about 100 bytes a reply. Rejects with a
 * CorruptInputError naming segment and byte where a record inside a segment is damaged.
 */
export async function openJournal(folder: string, options: JournalOptions = {}): Promise<Journal> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
    throw asDiskError(error, folder)
  })
  const segments = (await readdir(folder)).filter((name) => /^\d{6}\.journal$/.test(name)).sort()
  const index = new Map<string, number>()
  const torn: { segment: string; bytes: number }[] = []
  for (const [place, segment] of segments.entries()) {
    const bytes = await scanSegment(join(folder, segment), ({ key, offset }) => remember(index, key, place, offset))
    if (bytes > 0) torn.push({ segment, bytes })
  }
  const readers = openReaders(folder)
  const writer = openWriter(folder, segments, index, options)
  return {
    counts: { hits: 0, calls: 0 },
    torn,
    async read(key) {
      const place = index.get(shortKey(key))
      if (place === undefined) return undefined
      const segment = segments[Math.floor(place / segmentSpan)]!
      const offset = place % segmentSpan
      return readers.use(segment, async (file) =>
        decodeRecord(await readRecord(file, offset), key, `${join(folder, segment)}, byte ${offset}`),
      )
    },
    append: writer.append,
    appended: writer.appended,
    check: writer.check,
    async close() {
      try {
        await writer.close()
      } finally {
        await readers.close()
      }
    },
  }
}

/**
 * The same model, answering from the journal what it answered before; a new reply is on the disk before it is handed on.
 * Failures are never kept. Equal calls that come while the first is under way share its reply.
 */
export function journalled(model: Model, journal: Journal): Model {
  const inFlight = new Map<string, Promise<Answer>>()
  return wrapped(model, <Q extends Question, A extends Answer>(send: Send<Q, A>): Send<Q, A> => {
    const answer = async (key: string, question: Q, options?: AskOptions) => {
      try {
        // A key is made of the whole question, so what is kept under it answers one of this kind.
        const known = (await journal.read(key)) as A | undefined
        if (known !== undefined) {
          journal.counts.hits++
          return known
        }
        journal.check()
        journal.counts.calls++
        const fresh = await send(question, { ...options, key })
        await journal.append(key, fresh, usageOf(question, fresh))
        return fresh
      } finally {
        inFlight.delete(key)
      }
    }
    return (question, options) => {
      const key = callKey(model.id, question)
      const shared = inFlight.get(key) as Promise<A> | undefined
      if (shared !== undefined) return shared
      const answering = answer(key, question, options)
      inFlight.set(key, answering)
      return answering
    }
  })
}

/** Place of a record as one number: segment · 2^40 + byte. A double holds that exactly for 8,192 segments. */
const segmentSpan = 2 ** 40

/** 16 bytes of the key are enough to find it; the record holds it whole, and reading compares. */
function shortKey(key: string): string {
  return Buffer.from(key.slice(0, 32), 'hex').toString('latin1')
}

function remember(index: Map<string, number>, key: string, segment: number, offset: number): void {
  const short = shortKey(key)
  // The first reply flowed on; a later one for the same key comes from a process that could not see it.
  if (!index.has(short)) index.set(short, segment * segmentSpan + offset)
}

/** For so long the replies that follow each other closely gather for one write. */
const gatherMs = 10

const nothingSpent: Usage = { promptTokens: 0, completionTokens: 0 }

type Pending = { key: string; record: Buffer; resolve: () => void; reject: (error: unknown) => void }

/** Appends to segments of its own: one write and one sync at a time, and whoever comes meanwhile shares the next. */
function openWriter(
  folder: string,
  segments: string[],
  index: Map<string, number>,
  { segmentBytes = 64 * 1024 * 1024, onSegment }: JournalOptions,
) {
  const appended = noSpending()
  let queue: Pending[] = []
  let flushing: Promise<void> | undefined
  let failed: unknown
  let file: FileHandle | undefined
  let size = 0

  const write = async (batch: readonly Pending[]) => {
    if (failed !== undefined) throw failed
    if (file !== undefined && size >= segmentBytes) {
      await file.close()
      file = undefined
    }
    if (file === undefined) {
      file = await createSegment(folder, segments)
      size = 0
      await onSegment?.(join(folder, segments.at(-1)!))
    }
    await file.appendFile(Buffer.concat(batch.map(({ record }) => record)))
    await file.datasync()
    for (const { key, record } of batch) {
      remember(index, key, segments.length - 1, size)
      size += record.length
    }
  }
  const flush = async () => {
    for (let last = 0; queue.length > 0; ) {
      // Only where many are under way: one after the other would each wait for nobody.
      if (last > 1) await delay(gatherMs)
      const batch = queue
      last = batch.length
      queue = []
      try {
        // Also where it has failed before it takes a turn, so that whoever began this flush knows of it when it ends.
        await write(batch)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        // After a failed write or sync nobody knows what is on the disk, so nothing is ever tried again.
        failed ??= writeError(error, join(folder, segments.at(-1) ?? ''))
        for (const { reject } of batch) reject(failed)
      }
    }
    flushing = undefined
  }
  return {
    appended,
    append: (key: string, answer: Answer, spent: Usage = answer.usage ?? nothingSpent) =>
      new Promise<void>((resolve, reject) => {
        queue.push({ key, record: encodeRecord(key, answer, spent), resolve, reject })
        addSpending(appended, { requests: 1, ...spent }, 1)
        flushing ??= flush()
      }),
    check() {
      if (failed !== undefined) throw failed
    },
    async close() {
      await flushing
      failed ??= new DiskError(`The journal in ${folder} is closed.`)
      await file?.close()
    },
  }
}

/** A new segment after those there are; another process may take the same number first. */
async function createSegment(folder: string, segments: string[]): Promise<FileHandle> {
  for (let number = Number.parseInt(segments.at(-1) ?? '0', 10) + 1; ; number++) {
    const name = `${String(number).padStart(6, '0')}.journal`
    try {
      const file = await open(join(folder, name), 'wx', 0o600)
      segments.push(name)
      // Without this a crash could forget that the segment exists.
      await syncFolder(folder).catch(async (error) => {
        await file.close()
        throw error
      })
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function writeError(error: unknown, path: string): unknown {
  const known = asDiskError(error, path)
  if (known instanceof DiskError) return known
  return new DiskError(`Cannot write ${path}: ${(error as Error).message}`, { cause: error })
}
