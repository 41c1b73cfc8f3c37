import { isUtf8 } from 'node:buffer'
import { CorruptInputError } from '../stream/errors.js'
import { readBlocks } from './files.js'
import { unpackBlocks } from './unpack.js'

/** A line without its newline, and its number in the file from 1. */
export type Line = { text: string; number: number }

const newline = 10

/**
 * The lines of a UTF-8 file or stdin, unpacked where it begins like gzip or zstd, one array for each block read. A byte order
 * mark at the start is left out, and so are blank lines. Throws a CorruptInputError naming the line that is not UTF-8.
 */
export async function* readLines(path: string, blockSize?: number): AsyncGenerator<Line[]> {
  let number = 0
  let atStart = true
  let held: Uint8Array[] = []
  let heldBytes = 0
  const cut = (bytes: Uint8Array): Line[] => {
    const start = atStart && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    atStart = false
    const lines = cutLines(path, Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start), number)
    number = lines.end
    return lines.lines
  }
  for await (const block of unpackBlocks(path, readBlocks(path, blockSize))) {
    const last = block.lastIndexOf(newline)
    if (last === -1) {
      held.push(block)
      heldBytes += block.length
      if (heldBytes > longestText) throw tooLong(path, number + 1)
      continue
    }
    heldBytes = 0
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
    if (end - start > longestText) throw tooLong(path, number)
    const text = bytes.toString('utf8', start, end)
    if (text.trim() !== '') lines.push({ text, number })
    start = end + 1
  }
  return { lines, end: number }
}

/** V8 makes strings of four times this, and whoever needs even this much in a row has something else in mind. */
export const longestText = 128 << 20

function tooLong(path: string, number: number): CorruptInputError {
  return new CorruptInputError(`${path}:${number}: the line is longer than 128 MiB`)
}
