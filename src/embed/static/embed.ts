import { setImmediate as nextTurn } from 'node:timers/promises'
import { checkColumn } from '../../text/column.js'
import type { Embedder, Texts } from '../types.js'
import { simdAvailable } from './kernel/memory.js'
import { simdKernel } from './kernel/simd.js'
import { plainKernel } from './plain.js'
import type { StaticKernel } from './static-kernel.js'
import { loadStaticTable, staticTableId } from './table.js'

export type StaticEmbedderOptions = {
  /** Most pieces of a text that count, the rest being passed over; unknown ones count too; default 512, Infinity for all. */
  maxPieces?: number
  /** How many words to remember the pieces of, a power of two from 4 up; default 131,072. */
  cachedWords?: number
  /** The kernel, for tests and comparisons: WebAssembly SIMD where the machine has it, otherwise TypeScript. */
  kind?: StaticKernel['kind']
}

/** After about so many bytes or UTF-16 units the event loop gets a turn, so that timers, signals and sockets are served. */
const sizeAtOnce = { simd: 1024 * 1024, plain: 512 * 1024 }

/**
 * The bundled embedder: English and Chinese, 128 dimensions, no download and no native code. A text's vector is the sum
 * of its pieces' vectors at length 1; word order does not matter. The table (5 MB) is read from the package once here.
 */
export async function staticEmbedder(options: StaticEmbedderOptions = {}): Promise<Embedder> {
  const { maxPieces = 512, cachedWords = 131_072, kind = simdAvailable() ? 'simd' : 'plain' } = options
  if (!(maxPieces === Number.POSITIVE_INFINITY || (Number.isInteger(maxPieces) && maxPieces > 0))) {
    throw new TypeError(
      `Expected \`maxPieces\` to be an integer from 1 up or Infinity, got \`${maxPieces}\` (${typeof maxPieces})`,
    )
  }
  if (!Number.isInteger(Math.log2(cachedWords)) || cachedWords < 4) {
    throw new TypeError(
      `Expected \`cachedWords\` to be a power of two from 4 up, got \`${cachedWords}\` (${typeof cachedWords})`,
    )
  }
  const table = await loadStaticTable()
  const { dimensions } = table
  const kernel = { simd: simdKernel, plain: plainKernel }[kind](table, { maxPieces, cachedWords })
  return {
    id: `static:${staticTableId}:${maxPieces}`,
    dimensions,
    async embed(texts, { signal } = {}) {
      if ('offsets' in texts) checkColumn(texts)
      const count = rowsOf(texts)
      const vectors = new Float32Array(count * dimensions)
      for (let from = 0; from < count; ) {
        signal?.throwIfAborted()
        const to = sliceEnd(texts, from, sizeAtOnce[kind])
        kernel.embed(slice(texts, from, to), vectors.subarray(from * dimensions, to * dimensions))
        from = to
        if (from < count) await nextTurn()
      }
      return vectors
    },
  }
}

function rowsOf(texts: Texts): number {
  return 'offsets' in texts ? texts.offsets.length - 1 : texts.length
}

function sliceEnd(texts: Texts, from: number, size: number): number {
  const count = rowsOf(texts)
  let to = from
  for (let held = 0; to < count && held < size; to++) {
    held += 'offsets' in texts ? texts.offsets[to + 1]! - texts.offsets[to]! : texts[to]!.length
  }
  return to
}

function slice(texts: Texts, from: number, to: number): Texts {
  return 'offsets' in texts
    ? { values: texts.values, offsets: texts.offsets.subarray(from, to + 1) }
    : texts.slice(from, to)
}
