import type { TextColumn } from '../../text/column.js'
import { type Limits, withinLimit } from '../limits.js'

/** Texts of rows; `nulls` has a 1 for each row without one, and is absent where all have one. */
export type TextBatch = TextColumn & { readonly nulls?: Uint8Array }

/**
 * The texts of a PLAIN page, each behind its length in `bytes`, moved together over the lengths. Throws an Error where
 * lengths and bytes do not agree.
 */
export function closeUp(bytes: Uint8Array, count: number, limits: Limits): TextColumn {
  if (count * 4 > bytes.length) throw new Error(`its ${bytes.length} bytes do not hold ${count} values`)
  const offsets = new Int32Array(count + 1)
  let [at, to] = [0, 0]
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw new Error('a value begins beyond the page')
    const size = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    at += 4
    if (at + size > bytes.length) throw new Error(`a value of ${size} bytes ends beyond the page`)
    if (size > limits.valueBytes) withinLimit('a value', size, limits, 'valueBytes')
    bytes.copyWithin(to, at, at + size)
    at += size
    to += size
    offsets[i + 1] = to
  }
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes are left behind its last value`)
  return { values: bytes.subarray(0, to), offsets }
}

/** The entries of `dictionary` that `indexes` name: a view of it where they are neighbours, as they are of texts all unlike. */
export function entriesAt(dictionary: TextColumn, indexes: ArrayLike<number>, limits: Limits): TextColumn {
  const { values, offsets } = dictionary
  const first = indexes[0] ?? 0
  let size = 0
  let isRun = true
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]!
    if (index !== first + i) isRun = false
    size += offsets[index + 1]! - offsets[index]!
  }
  if (isRun) return { values, offsets: offsets.subarray(first, first + indexes.length + 1) }
  // A short page of indexes can stand for very many bytes.
  withinLimit('its values', size, limits, 'pageBytes')
  const gathered = { values: new Uint8Array(size), offsets: new Int32Array(indexes.length + 1) }
  for (let i = 0, to = 0; i < indexes.length; i++) {
    const [start, end] = [offsets[indexes[i]!]!, offsets[indexes[i]! + 1]!]
    gathered.values.set(values.subarray(start, end), to)
    to += end - start
    gathered.offsets[i + 1] = to
  }
  return gathered
}

/** Texts one behind another, given their lengths. */
export function ofLengths(values: Uint8Array, lengths: Int32Array): TextColumn {
  const offsets = new Int32Array(lengths.length + 1)
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i]! + lengths[i]!
  return { values, offsets }
}

/** Texts put one behind another. */
export function ofValues(texts: readonly Uint8Array[]): TextColumn {
  return ofLengths(
    Buffer.concat(texts),
    Int32Array.from(texts, ({ length }) => length),
  )
}

/**
 * Rows of which some are null, given the texts of the others from `from` on; `definition` has a level above all others for
 * each row with a text. An empty text stands where there is none.
 */
export function withNulls(texts: TextColumn, from: number, definition: Uint8Array, most: number): TextBatch {
  const offsets = new Int32Array(definition.length + 1)
  const nulls = new Uint8Array(definition.length)
  let at = from
  for (let row = 0; row < definition.length; row++) {
    offsets[row] = texts.offsets[at]!
    if (definition[row] === most) at++
    else nulls[row] = 1
  }
  offsets[definition.length] = texts.offsets[at]!
  return { values: texts.values, offsets, nulls }
}
