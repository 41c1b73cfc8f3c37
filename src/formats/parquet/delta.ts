import { type Limits, withinLimit } from '../limits.js'
import type { Coding, Stored } from './coding.js'
import { deltaBinaryUnpack } from './library.js'

export type Cursor = { view: DataView; offset: number }

/** A copy, because the library's readers reach beyond a view's end into the memory behind it. */
export function cursorOver(bytes: Uint8Array): Cursor {
  return { view: new DataView(new Uint8Array(bytes).buffer), offset: 0 }
}

/** The numbers of DELTA_BINARY_PACKED at a cursor, which then stands behind them. */
export function unpackDelta(cursor: Cursor, count: number, wide: boolean): Int32Array | BigInt64Array {
  const output = wide ? new BigInt64Array(count) : new Int32Array(count)
  const start = cursor.offset
  const [block, parts, total] = [readVarInt(cursor), readVarInt(cursor), readVarInt(cursor)]
  const sound = block > 0 && block <= 1 << 20 && parts > 0 && parts <= 1 << 10 && block % (parts * 8) === 0
  if (!sound) throw new Error(`its delta blocks of ${block} values in ${parts} parts are none`)
  if (total !== count) throw new Error(`it holds ${total} deltas where it promises ${count} values`)
  cursor.offset = start
  deltaBinaryUnpack(cursor, count, output)
  return output
}

function readVarInt(cursor: Cursor): number {
  let result = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = cursor.view.getUint8(cursor.offset++)
    result += (byte & 127) * 2 ** shift
    if (byte < 128) return result
  }
  throw new Error('a number is longer than ten bytes')
}

/** The lengths of DELTA_LENGTH_BYTE_ARRAY, and its values end to end. */
export function deltaLengths(
  bytes: Uint8Array,
  count: number,
  limits: Limits,
): { lengths: Int32Array; values: Uint8Array } {
  const cursor = cursorOver(bytes)
  const lengths = unpackDelta(cursor, count, false) as Int32Array
  checkLengths(lengths, bytes.length - cursor.offset, limits)
  return { lengths, values: bytes.subarray(cursor.offset) }
}

export function deltaLengthValues(bytes: Uint8Array, count: number, { convert, limits }: Coding): Stored {
  const { lengths, values } = deltaLengths(bytes, count, limits)
  let [at, index] = [0, 0]
  return {
    next(out, wanted) {
      const start = at
      for (const end = index + wanted; index < end; index++) {
        out.push(convert.bytes(values, at, at + lengths[index]!))
        at += lengths[index]!
      }
      return at - start
    },
    skip(wanted) {
      for (const end = index + wanted; index < end; index++) at += lengths[index]!
    },
  }
}

function checkLengths(lengths: Int32Array, room: number, limits: Limits): void {
  let sum = 0
  for (const length of lengths) {
    if (length < 0) throw new Error(`a value is ${length} bytes long`)
    if (length > limits.valueBytes) withinLimit('a value', length, limits, 'valueBytes')
    sum += length
  }
  if (sum > room) throw new Error(`its values take ${sum} bytes where ${room} are left`)
}

/** The values of DELTA_BYTE_ARRAY, each of which may begin as the one before it. */
export function deltaValues(bytes: Uint8Array, count: number, { convert, limits }: Coding): Stored {
  const cursor = cursorOver(bytes)
  const prefixes = unpackDelta(cursor, count, false) as Int32Array
  const suffixes = unpackDelta(cursor, count, false) as Int32Array
  checkLengths(suffixes, bytes.length - cursor.offset, limits)
  // Each value may repeat the one before it, so that a short page can stand for very long values.
  let whole = 0
  for (let i = 0; i < count; i++) {
    const before = i === 0 ? 0 : prefixes[i - 1]! + suffixes[i - 1]!
    if (prefixes[i]! < 0 || prefixes[i]! > before) throw new Error(`a value repeats ${prefixes[i]} bytes of ${before}`)
    whole += prefixes[i]! + suffixes[i]!
  }
  withinLimit('its values', whole, limits, 'pageBytes')
  let [at, index] = [cursor.offset, 0]
  let last = new Uint8Array(0)
  const step = () => {
    const [prefix, suffix] = [prefixes[index]!, suffixes[index]!]
    const value = new Uint8Array(prefix + suffix)
    value.set(last.subarray(0, prefix))
    value.set(bytes.subarray(at, at + suffix), prefix)
    at += suffix
    index++
    last = value
    return value
  }
  return {
    next(out, wanted) {
      let taken = 0
      for (let i = 0; i < wanted; i++) {
        const value = step()
        taken += value.length
        out.push(convert.bytes(value, 0, value.length))
      }
      return taken
    },
    skip(wanted) {
      for (let i = 0; i < wanted; i++) step()
    },
  }
}
