import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { asDiskError, CorruptInputError } from '../../stream/errors.js'
import { statIfThere } from '../../stream/stat-if-there.js'
import { writeDurably } from '../../stream/write-durably.js'
import { keyOfLine, type Line, readLines } from './results.js'

/** A batch as its run remembers it: written down before each step that could be lost. */
export type StoredBatch = {
  /** Our own name for it, by which it is found again. */
  readonly key: string
  readonly requests: number
  readonly beganMs: number
  /** The id of the file of requests at the endpoint, once it is there. */
  readonly file?: string
  /** The id of the batch, once it is known. */
  readonly id?: string
  /** Its results lie here whole. */
  readonly isDone?: true
}

/** Where a line of results lies. */
export type Place = { readonly path: string } & Pick<Line, 'offset' | 'length'>

export type BatchStore = ReturnType<typeof batchStore>

/**
 * The folder of a run's batches: of each a `.json` with its state, its `.requests.jsonl` until it is over, and its
 * `.results.jsonl` from then on. Everything is on the disk before a step is taken that builds on it.
 */
export function batchStore(folder: string) {
  const pathOf = (key: string, kind: string) => join(folder, `${key}.${kind}`)
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw asDiskError(error, folder)
    }
  }
  const write = (path: string, content: string | Iterable<string>) => writeDurably(path, content, { mode: 0o600 })
  return {
    requestsOf: ({ key }: StoredBatch) => pathOf(key, 'requests.jsonl'),
    resultsOf: ({ key }: StoredBatch) => pathOf(key, 'results.jsonl'),
    /** Writes the state of a batch; `requests`, where they are given, before it. */
    save: (batch: StoredBatch, requests?: Iterable<string>) =>
      guarded(async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        if (requests) await write(pathOf(batch.key, 'requests.jsonl'), requests)
        await write(pathOf(batch.key, 'json'), JSON.stringify(batch))
      }),
    /** Takes what `fetch` writes for the results of a batch, and marks it done. */
    finish: (batch: StoredBatch, fetch: (path: string) => Promise<void>) =>
      guarded(async () => {
        const path = pathOf(batch.key, 'results.jsonl')
        const temporary = `${path}.tmp-${process.pid}`
        await fetch(temporary)
        await rename(temporary, path)
        await write(pathOf(batch.key, 'json'), JSON.stringify({ ...batch, isDone: true }))
        await rm(pathOf(batch.key, 'requests.jsonl'), { force: true })
      }),
    /** Forgets a batch that nobody was asked for. */
    drop: ({ key }: StoredBatch) =>
      guarded(async () => {
        for (const kind of ['json', 'requests.jsonl', 'results.jsonl']) await rm(pathOf(key, kind), { force: true })
      }),
    /** The keys of the calls in a batch that is not over. */
    async keysOf({ key }: StoredBatch): Promise<string[]> {
      const keys: string[] = []
      for await (const { text } of readLines(pathOf(key, 'requests.jsonl'))) keys.push(keyOfLine(text) ?? '')
      return keys
    },
    list: () => guarded(() => listBatches(folder)),
  }
}

/** The batches that a folder remembers, the oldest first; none where there is no folder. */
export async function listBatches(folder: string): Promise<StoredBatch[]> {
  if (!(await statIfThere(folder))) return []
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const batches = await Promise.all(names.map(async (name) => parse(await readFile(join(folder, name), 'utf8'), name)))
  return batches.sort((a, b) => a.beganMs - b.beganMs)
}

function parse(text: string, name: string): StoredBatch {
  try {
    const batch = JSON.parse(text) as StoredBatch
    if (`${batch.key}.json` === name && Number.isSafeInteger(batch.requests)) return batch
  } catch {
    // Told below.
  }
  throw new CorruptInputError(`${name} among the run's batches does not say what became of its batch`, {
    fix: 'Bring it back from a copy, or remove it: its requests are then sent, and paid for, again.',
  })
}

/** The text of a line whose place is known. */
export async function readPlace({ path, offset, length }: Place): Promise<string> {
  const file: FileHandle = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    await file.read(bytes, 0, length, offset)
    return bytes.toString('utf8')
  } finally {
    await file.close()
  }
}
