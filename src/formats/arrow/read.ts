import { CorruptInputError, SluiceError, UsageError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'
import { loadCodecs, zstdPlainSize } from '../codecs.js'
import { checkColumns } from '../columns.js'
import { type ByteSource, openFile, readBlocks } from '../files.js'
import { typeName } from '../schema.js'
import type { Columns, Description, ReadOptions, Schema } from '../types.js'
import { CompressionType, compressionRegistry, type Field, type RecordBatch, RecordBatchReader } from './library.js'
import { columnTypes } from './schema.js'
import { columnReader } from './values.js'

/** Reads Arrow IPC, stream or file, one record batch at a time, front to back. */
export async function* readArrow(path: string, { columns, rows, signal }: ReadOptions = {}): Batches<Columns> {
  const { start, end } = rows ?? { start: 0, end: Number.POSITIVE_INFINITY }
  const { schema, batches } = await openArrow(path)
  const present = schema.map((field) => field.name)
  let before = 0
  for await (const batch of batches) {
    if (before === 0) checkColumns(path, columns, present)
    signal?.throwIfAborted()
    if (before >= end) return
    const from = Math.max(0, start - before)
    const to = Math.min(batch.numRows, end - before)
    before += batch.numRows
    if (from < to) yield* toRows(path, batch, columns ?? present, from, to)
  }
  checkColumns(path, columns, present)
}

/** The columns that the schema at its start tells; how many rows follow only reading would. */
export async function describeArrow(path: string): Promise<Description> {
  const { schema, batches } = await openArrow(path)
  await batches.return(undefined)
  const types = columnTypes(schema)
  const whole = !Object.values(types).includes(undefined)
  return {
    columns: schema.map(({ name, type }) => {
      const known = types[name]
      return { name, type: known === undefined ? String(type).toLowerCase() : typeName(known) }
    }),
    ...(whole && { schema: types as Schema }),
  }
}

type Opened = { schema: Field[]; batches: AsyncGenerator<RecordBatch> }

/** Bytes as the library takes them, and what to do about them once it is through. */
type Input = {
  bytes: AsyncIterable<Uint8Array> | FileLike
  /** Whether the format's end mark is there. Takes a pipe to its end, so there it is asked after the last batch. */
  endsWell(): Promise<boolean>
  close(): Promise<unknown>
}

async function openArrow(path: string): Promise<Opened> {
  await registerCodecs()
  const input = path === '-' ? fromStdin() : fromFile(await openFile(path))
  try {
    // Asked first where it can be, because the library looks for sense in a cut footer for a long time.
    if (path !== '-' && !(await input.endsWell())) throw endsTooEarly(path)
    const reader = await orCorrupt(path, async () => {
      const opened = await RecordBatchReader.from(input.bytes as AsyncIterable<Uint8Array>)
      // Left to itself the reader closes its source at the end of the stream, and what follows could not be checked.
      await opened.open({ autoDestroy: false })
      if (!opened.schema) throw new Error('it does not begin with a schema')
      return opened
    })
    return { schema: reader.schema.fields, batches: batchesOf(path, reader, input) }
  } catch (error) {
    await input.close()
    throw error
  }
}

async function* batchesOf(path: string, reader: RecordBatchReader, input: Input): AsyncGenerator<RecordBatch> {
  const iterator = (reader as AsyncIterable<RecordBatch>)[Symbol.asyncIterator]()
  try {
    let batches = 0
    for (;;) {
      const next = await orCorrupt(path, () => iterator.next())
      if (next.done) break
      batches++
      yield next.value
    }
    // A file's reader stops without a word at a batch that its footer lists and that is not there.
    if (reader.isFile() && batches < reader.numRecordBatches) throw endsTooEarly(path)
    if (path === '-' && !(await input.endsWell())) throw endsTooEarly(path)
  } finally {
    await input.close()
  }
}

function endsTooEarly(path: string): CorruptInputError {
  return new CorruptInputError(`${path}: it ends too early`, {
    fix: 'It was cut short, or its writer was never closed. Write it again.',
  })
}

const fileMagic = 'ARROW1'

/** What the library asks of a file it reads at random; kept to that, any ByteSource can stand behind it. */
type FileLike = {
  fd: number
  stat(): Promise<{ size: number }>
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }>
  close(): Promise<void>
}

function fromFile(source: ByteSource): Input {
  return {
    bytes: {
      fd: -1,
      stat: async () => ({ size: source.size }),
      async read(into, offset, length, position) {
        into.set(new Uint8Array(await source.read(position, position + length)), offset)
        return { bytesRead: length, buffer: into }
      },
      close: async () => {},
    },
    async endsWell() {
      const head = Buffer.from(await source.read(0, Math.min(8, source.size)))
      return hasEndMark(head, Buffer.from(await source.read(Math.max(0, source.size - 8), source.size)))
    },
    close: () => source.close(),
  }
}

/** The stream inside what stdin brings: a file is eight bytes of magic, a stream, and a footer for random access. */
function fromStdin(): Input {
  let head = Buffer.alloc(0)
  let tail = Buffer.alloc(0)
  async function* strip(): AsyncGenerator<Uint8Array> {
    for await (const block of readBlocks('-')) {
      tail = Buffer.concat([tail, block.subarray(-8)]).subarray(-8)
      if (head.length >= 8) {
        yield block
        continue
      }
      head = Buffer.concat([head, block])
      if (head.length >= 8) yield isFile(head) ? head.subarray(8) : head
    }
    if (head.length < 8) yield head
  }
  const bytes = strip()
  return {
    bytes,
    async endsWell() {
      while (!(await bytes.next()).done) {}
      return hasEndMark(head, tail)
    },
    close: () => bytes.return(undefined),
  }
}

const isFile = (head: Buffer) => head.toString('latin1', 0, fileMagic.length) === fileMagic

/** A file ends with its magic, a stream with a continuation mark and a length of zero where a message would follow. */
function hasEndMark(head: Buffer, tail: Buffer): boolean {
  if (isFile(head)) return tail.toString('latin1', 2) === fileMagic
  return tail.length === 8 && tail.readInt32LE(0) === -1 && tail.readInt32LE(4) === 0
}

let registered = false

/** Arrow comes without codecs. Its frames do not say their plain size to a decoder, but zstd's own header does. */
async function registerCodecs(): Promise<void> {
  if (registered) return
  const { ZSTD } = await loadCodecs()
  compressionRegistry.set(CompressionType.ZSTD, {
    encode: (block) => ZSTD.compress!(block),
    decode: (frame) => ZSTD.decompress(frame, zstdPlainSize(frame)),
  })
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    decode() {
      throw new UsageError('sluice does not read Arrow buffers compressed with LZ4 yet', {
        fix: 'Write the file with zstd, or without compression.',
      })
    },
  })
  registered = true
}

async function orCorrupt<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SluiceError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error
    throw new CorruptInputError(`${path}: not readable as Arrow IPC: ${(error as Error).message}`, { cause: error })
  }
}

const batchRows = 1024

function* toRows(
  path: string,
  batch: RecordBatch,
  names: readonly string[],
  from: number,
  to: number,
): Generator<Columns[]> {
  try {
    const { fields } = batch.schema
    const getters = names.map((name) => {
      const index = fields.findIndex((field) => field.name === name)
      return columnReader(fields[index]!, batch.data.children[index]!)
    })
    for (let start = from; start < to; start += batchRows) {
      const rows: Columns[] = []
      for (let i = start; i < Math.min(to, start + batchRows); i++) {
        const row: Columns = {}
        for (let j = 0; j < names.length; j++) row[names[j]!] = getters[j]!(i)
        rows.push(row)
      }
      yield rows
    }
  } catch (error) {
    throw error instanceof SluiceError
      ? error
      : new CorruptInputError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}
