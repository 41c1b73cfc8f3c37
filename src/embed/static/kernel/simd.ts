import { TextEncoder } from 'node:util'
import { columnTexts, type TextColumn } from '../../../text/column.js'
import { plainKernel } from '../plain.js'
import type { StaticKernel } from '../static-kernel.js'
import type { StaticTable } from '../table.js'
import { kernelMemory } from './memory.js'

const rowsAtOnce = 1024
const bytesAtOnce = 256 * 1024
/** A longer text goes in by parts, which end at white space: most have all the pieces that count in the first. */
const longText = 16 * 1024
/** A longer stretch without white space is left to the kernel in TypeScript, which takes no memory of its own for it. */
const longestStretch = 1024 * 1024

/** A text by its bytes or UTF-16 units, to be taken in parts. */
type Parts = {
  readonly length: number
  /** Most bytes of UTF-8 that one of its units takes. */
  readonly unitBytes: number
  codeAt(index: number): number
  /** Writes a part as UTF-8 to the start of `to`; answers how many bytes. */
  write(from: number, end: number, to: Uint8Array): number
}

/** The static embedder's arithmetic in WebAssembly SIMD: UTF-8 in, vectors out, in about 17 MB of memory. */
export function simdKernel(
  table: StaticTable,
  { maxPieces, cachedWords }: { maxPieces: number; cachedWords: number },
): StaticKernel {
  const memory = kernelMemory(table, { cachedWords, rowsAtOnce })
  const { offsetsAt, outAt, textAt } = memory
  const { dimensions } = table
  const most = Math.min(maxPieces, 0x7fffffff)
  const encoder = new TextEncoder()
  let plain: StaticKernel | undefined
  memory.makeRoom(bytesAtOnce)

  /** Embeds the `count` texts in the memory, whose offsets are there but for the last; `end` is where they end. */
  function embedBatch(count: number, end: number, out: Float32Array, row: number): void {
    new Int32Array(memory.buffer(), offsetsAt)[count] = end
    new Float32Array(memory.buffer(), outAt, count * dimensions).fill(0)
    memory.embed(textAt, offsetsAt, count, most, outAt)
    out.set(new Float32Array(memory.buffer(), outAt, count * dimensions), row * dimensions)
  }

  /** Embeds one text part by part; answers false where a stretch is too long. */
  function embedParts(parts: Parts, out: Float32Array, row: number): boolean {
    memory.start(most)
    for (let from = 0; from < parts.length; ) {
      const end = partEnd(parts, from)
      if (end - from > longestStretch) return false
      memory.makeRoom(parts.unitBytes * (end - from))
      const written = parts.write(from, end, new Uint8Array(memory.buffer(), textAt))
      if (memory.feed(textAt, textAt + written)) break
      from = end
    }
    new Float32Array(memory.buffer(), outAt, dimensions).fill(0)
    memory.finish(outAt)
    out.set(new Float32Array(memory.buffer(), outAt, dimensions), row * dimensions)
    return true
  }

  function embedPlainly(text: string, out: Float32Array, row: number): void {
    plain ??= plainKernel(table, { maxPieces, cachedWords })
    plain.embed([text], out.subarray(row * dimensions, (row + 1) * dimensions))
  }

  function embedStrings(texts: readonly string[], out: Float32Array): void {
    let bytes = new Uint8Array(memory.buffer(), textAt, bytesAtOnce)
    let offsets = new Int32Array(memory.buffer(), offsetsAt)
    let [count, end] = [0, 0]
    for (let row = 0; row <= texts.length; row++) {
      const text = texts[row]
      const isLong = text !== undefined && text.length > longText
      const isLast = text === undefined || isLong
      if (isLast || count === rowsAtOnce || end + 3 * text.length > bytesAtOnce) {
        embedBatch(count, end, out, row - count)
        bytes = new Uint8Array(memory.buffer(), textAt, bytesAtOnce)
        offsets = new Int32Array(memory.buffer(), offsetsAt)
        count = 0
        end = 0
      }
      if (text === undefined) break
      if (isLong) {
        if (!embedParts(stringParts(text, encoder), out, row)) embedPlainly(text, out, row)
      } else {
        offsets[count++] = end
        end += encoder.encodeInto(text, bytes.subarray(end)).written
      }
    }
  }

  function embedColumn(column: TextColumn, out: Float32Array): void {
    const { values, offsets } = column
    const rows = offsets.length - 1
    for (let row = 0; row < rows; ) {
      const start = offsets[row]!
      let to = row
      while (to < rows && to - row < rowsAtOnce && offsets[to + 1]! - start <= bytesAtOnce) to++
      if (to > row) {
        const into = new Int32Array(memory.buffer(), offsetsAt)
        for (let i = row; i < to; i++) into[i - row] = offsets[i]! - start
        new Uint8Array(memory.buffer(), textAt).set(values.subarray(start, offsets[to]))
        embedBatch(to - row, offsets[to]! - start, out, row)
      } else {
        to = row + 1
        const one = values.subarray(start, offsets[to])
        if (!embedParts(byteParts(one), out, row)) {
          embedPlainly(columnTexts({ values: one, offsets: Int32Array.of(0, one.length) })[0]!, out, row)
        }
      }
      row = to
    }
  }

  return {
    kind: 'simd',
    embed(texts, out) {
      if ('offsets' in texts) embedColumn(texts, out)
      else embedStrings(texts, out)
    },
  }
}

function stringParts(text: string, encoder: TextEncoder): Parts {
  return {
    length: text.length,
    unitBytes: 3,
    codeAt: (index) => text.charCodeAt(index),
    write: (from, end, to) => encoder.encodeInto(text.slice(from, end), to).written,
  }
}

function byteParts(bytes: Uint8Array): Parts {
  return {
    length: bytes.length,
    unitBytes: 1,
    codeAt: (index) => bytes[index]!,
    write(from, end, to) {
      to.set(bytes.subarray(from, end))
      return end - from
    },
  }
}

/** Where a part that begins at `from` ends: behind white space, near `longText` where there is some. */
function partEnd({ length, codeAt }: Parts, from: number): number {
  const limit = from + longText
  if (limit >= length) return length
  for (let end = limit; end > from; end--) if (codeAt(end - 1) <= 0x20) return end
  let end = limit
  while (end < length && codeAt(end) > 0x20) end++
  return end
}
