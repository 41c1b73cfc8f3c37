import { CorruptInputError } from '../../stream/errors.js'
import { byteQueue } from '../byte-queue.js'
import { type ByteSource, openFile, readBlocks } from '../files.js'
import { ShardLimitError } from '../limits.js'
import type { ArrowLimits } from './limits.js'
import { type Footer, type Message, readFooter, readMessage } from './metadata.js'

/** A message and the way to its body, which is passed over where nobody takes it before the next message. */
export type Framed = { message: Message; metadata: Uint8Array; takeBody(lend: Lend): Promise<Uint8Array> }

/** Gives memory of so many bytes, whatever was in it before. */
export type Lend = (size: number) => Uint8Array

const fileMagic = 'ARROW1'

/**
 * The messages of a stream, of streams one after another, or of a file, front to back, from `path` or stdin for `-`. A
 * file's footer is counted against, and asked for the schema where a writer left that out elsewhere. Throws a CorruptInputError for whatever does not
 * fit the bytes, the end among them.
 */
export async function* readMessages(path: string, limits: ArrowLimits, signal?: AbortSignal): AsyncGenerator<Framed> {
  const input = path === '-' ? pipeInput() : await fileInput(path, signal)
  try {
    const magic = await input.peek(8)
    const isFile = magic.toString('latin1', 0, fileMagic.length) === fileMagic
    if (isFile) await input.skip(8)
    const footer = isFile && path !== '-' ? await footerAt(path, input, limits) : undefined
    let batches = 0
    let isFirst = true
    for (;;) {
      const framed = await nextMessage(path, input, limits, footer?.at ?? input.size)
      if (framed === 'end') {
        // What follows the end of a stream may be another one.
        if (isFile || (await input.peek(1)).length === 0) break
        continue
      }
      if (isFirst && footer && framed.message.kind !== 'schema') yield schemaOf(path, footer, limits)
      isFirst = false
      const before = input.position()
      if (framed.message.kind === 'batch') batches++
      yield framed
      if (input.position() === before) await input.skip(framed.message.bodyBytes)
    }
    if (!isFile) return
    if (isFirst && footer) yield schemaOf(path, footer, limits)
    const listed = footer?.batches ?? (await restAsFooter(path, input, limits))
    if (listed !== batches || (footer !== undefined && input.position() > footer.at)) {
      throw new CorruptInputError(`${path}: its footer lists ${listed} batches, and ${batches} are there`)
    }
  } finally {
    await input.close()
  }
}

async function nextMessage(path: string, input: Input, limits: ArrowLimits, end: number): Promise<Framed | 'end'> {
  const left = () => end - input.position()
  // Files from before 2019 may go straight on with their footer.
  if (left() === 0 && end !== input.size) return 'end'
  const first = await input.take(4)
  if (first.length < 4) throw endsTooEarly(path)
  const marked = first.readInt32LE() === -1
  const prefix = marked ? await input.take(4) : first
  if (prefix.length < 4) throw endsTooEarly(path)
  const size = prefix.readInt32LE()
  if (size === 0) return 'end'
  const where = `at byte ${input.position()}`
  if (size < 0 || size > limits.metadata) {
    const what = `a message of ${size} bytes of metadata ${where}, and at most ${limits.metadata} are read`
    throw corrupt(path, what, new ShardLimitError(what, 'footerBytes'))
  }
  if (size > left()) throw endsTooEarly(path)
  const metadata = await input.take(size)
  if (metadata.length < size) throw endsTooEarly(path)
  const message = checked(path, where, () => readMessage(metadata, limits))
  if (message.bodyBytes > left()) throw endsTooEarly(path)
  return {
    message,
    metadata,
    async takeBody(lend) {
      const body = await input.take(message.bodyBytes, lend)
      if (body.length < message.bodyBytes) throw endsTooEarly(path)
      return body
    },
  }
}

async function footerAt(path: string, input: Input, limits: ArrowLimits): Promise<Footer & { at: number }> {
  const tail = await input.at(Math.max(8, input.size - 10), input.size)
  const size = tail.length === 10 && tail.toString('latin1', 4) === fileMagic ? tail.readInt32LE() : undefined
  if (size === undefined) throw endsTooEarly(path)
  const at = input.size - 10 - size
  if (size <= 0 || size > limits.metadata || at < 8) throw corrupt(path, `a footer of ${size} bytes`)
  const bytes = await input.at(at, at + size)
  return { at, ...checked(path, 'in the footer', () => readFooter(bytes)) }
}

function schemaOf(path: string, { schema }: Footer, limits: ArrowLimits): Framed {
  const message = checked(path, 'in the footer', () => readMessage(schema, limits))
  return { message, metadata: schema, takeBody: async () => new Uint8Array() }
}

/** The footer of a file that came through a pipe: all that follows its messages. */
async function restAsFooter(path: string, input: Input, limits: ArrowLimits): Promise<number> {
  const rest = await input.take(limits.metadata + 10)
  const size = rest.length - 10
  const whole = size > 0 && rest.toString('latin1', size + 4) === fileMagic && rest.readInt32LE(size) === size
  if (!whole) throw endsTooEarly(path)
  return checked(path, 'in the footer', () => readFooter(rest.subarray(0, size)).batches)
}

function checked<T>(path: string, where: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw corrupt(path, `${(error as Error).message}, ${where}`, error)
  }
}

function corrupt(path: string, what: string, cause?: unknown): CorruptInputError {
  const fix = cause instanceof ShardLimitError ? cause.fix : undefined
  return new CorruptInputError(`${path}: not readable as Arrow IPC: ${what}`, { cause, fix })
}

function endsTooEarly(path: string): CorruptInputError {
  return new CorruptInputError(`${path}: it ends too early`, {
    fix: 'It was cut short, or its writer was never closed. Write it again.',
  })
}

/** Bytes taken from the front. `take` gives fewer than asked only where there are no more. */
type Input = {
  /** Infinite for a pipe. */
  readonly size: number
  position(): number
  take(bytes: number, lend?: Lend): Promise<Buffer>
  peek(bytes: number): Promise<Buffer>
  skip(bytes: number): Promise<void>
  /** Any bytes of it; not of a pipe. */
  at(start: number, end: number): Promise<Buffer>
  close(): Promise<unknown>
}

async function fileInput(path: string, signal?: AbortSignal): Promise<Input> {
  const source: ByteSource = await openFile(path, signal)
  let position = 0
  const at = async (start: number, end: number) => Buffer.from(await source.read(start, end))
  const peek = (bytes: number) => at(position, Math.min(source.size, position + bytes))
  return {
    size: source.size,
    position: () => position,
    async take(bytes, lend) {
      const end = Math.min(source.size, position + bytes)
      const taken = lend && source.readInto ? lend(end - position) : await peek(bytes)
      if (lend) await source.readInto?.(taken, position)
      position = end
      return Buffer.from(taken.buffer, taken.byteOffset, taken.length)
    },
    peek,
    async skip(bytes) {
      position += bytes
    },
    at,
    close: () => source.close(),
  }
}

function pipeInput(): Input {
  const queue = byteQueue(readBlocks('-'))
  let position = 0
  const take = async (bytes: number) => {
    // A copy, because numbers in it are read where they lie, which must be at a multiple of eight.
    const taken = Buffer.from(new Uint8Array(await queue.take(bytes)).buffer)
    position += taken.length
    return taken
  }
  return {
    size: Number.POSITIVE_INFINITY,
    position: () => position,
    take,
    peek: queue.peek,
    async skip(bytes) {
      for (let left = bytes; left > 0; ) {
        const taken = (await take(Math.min(left, 1 << 20))).length
        if (taken === 0) return
        left -= taken
      }
    },
    at: () => Promise.reject(new Error('a pipe has no bytes to go back to')),
    close: () => queue.close(),
  }
}
