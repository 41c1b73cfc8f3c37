import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CorruptInputError } from '../stream/errors.js'
import { readBlocks } from './files.js'

/** A line without its newline, and its number in the file from 1. */
export type Line = { text: string; number: number }

const newline = 10

/**
 * The lines of a UTF-8 file or stdin, gunzipped where it begins like gzip, one array for each block read. A byte order
 * mark at the start is left out, and so are blank lines. Throws a CorruptInputError naming the line that is not UTF-8.
 */
export async function* readLines(path: string, blockSize?: number): AsyncGenerator<Line[]> {
  let number = 0
  let atStart = true
  let held: Uint8Array[] = []
  const cut = (bytes: Uint8Array): Line[] => {
    const start = atStart && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    atStart = false
    const lines = cutLines(path, Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start), number)
    number = lines.end
    return lines.lines
  }
  for await (const block of unpacked(path, readBlocks(path, blockSize))) {
    const last = block.lastIndexOf(newline)
    if (last === -1) {
      held.push(block)
      continue
    }
    // Cutting at a newline, never elsewhere, keeps a character's bytes together: no UTF-8 character contains one.
    held.push(block.subarray(0, last))
    const lines = cut(held.length === 1 ? held[0]! : Buffer.concat(held))
    held = last + 1 < block.length ? [block.subarray(last + 1)] : []
    if (lines.length > 0) yield lines
  }
  if (held.length > 0) {
    const lines = cut(Buffer.concat(held))
    if (lines.length > 0) yield lines
  }
}

function cutLines(path: string, bytes: Buffer, before: number): { lines: Line[]; end: number } {
  const valid = isUtf8(bytes)
  const lines: Line[] = []
  let number = before
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(newline, start)
    const end = found === -1 ? bytes.length : found
    number++
    if (!valid && !isUtf8(bytes.subarray(start, end))) {
      throw new CorruptInputError(`${path}:${number}: the line is not UTF-8`, { fix: 'Convert the file to UTF-8.' })
    }
    if (end - start > longestString) throw new CorruptInputError(`${path}:${number}: the line is longer than 512 MiB`)
    const text = bytes.toString('utf8', start, end)
    if (text.trim() !== '') lines.push({ text, number })
    start = end + 1
  }
  return { lines, end: number }
}

/** V8 makes no longer string than this. */
const longestString = 0x1fffffe8

/** Gunzips blocks that begin with gzip's two magic bytes; others pass as they are. */
async function* unpacked(path: string, blocks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = Buffer.alloc(0)
  // A pipe may bring its first two bytes one by one.
  while (head.length < 2) {
    const next = await blocks.next()
    if (next.done) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  if (head.length === 0) return
  const all = prepend(head, blocks)
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* all
    return
  }
  const source = Readable.from(all, { objectMode: false })
  const gunzip = source.on('error', (error) => gunzip.destroy(error)).pipe(createGunzip({ chunkSize: 1 << 20 }))
  try {
    for await (const block of gunzip) yield block as Uint8Array
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined || !code.startsWith('Z_')) throw error
    throw new CorruptInputError(`${path}: cannot gunzip it: ${(error as Error).message}`, { cause: error })
  } finally {
    gunzip.destroy()
    source.destroy()
  }
}

async function* prepend<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  // Yielding inside the try hands an early stop on to the source.
  try {
    yield first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
