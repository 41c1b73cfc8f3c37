/**
 * Walks one struct of Thrift's compact protocol without building anything, so that the library that builds it meets no
 * length, count or depth that the bytes do not bear out. Source: Thrift compact protocol specification.
 */

const stop = 0
const [binary, list, struct] = [8, 9, 12]
const isInteger = (type: number) => type >= 4 && type <= 6
const deepest = 32

/** What a walk may touch: at most `values` values. */
type Walk = { bytes: Uint8Array; at: number; end: number; values: number }

/** The bytes end within the struct: a longer window may hold it. */
const cut = -1

/**
 * Where the struct at `start` ends, or -1 where `bytes` end first. Throws an Error for what cannot be Thrift or holds
 * more than `values` values.
 */
export function thriftEnd(bytes: Uint8Array, start: number, end: number, values: number): number {
  const walk: Walk = { bytes, at: start, end, values }
  return walkStruct(walk, 0) ? walk.at : cut
}

/** Each walker answers whether the bytes sufficed. */
function walkStruct(walk: Walk, depth: number): boolean {
  if (depth > deepest) throw new Error(`its structs lie more than ${deepest} deep`)
  for (;;) {
    if (walk.at >= walk.end) return false
    const head = walk.bytes[walk.at++]!
    if (head === stop) return true
    const isLong = head >> 4 === 0
    if (isLong && readVarInt(walk) === undefined) return false
    if (!walkValue(walk, head & 15, depth)) return false
  }
}

function walkValue(walk: Walk, type: number, depth: number): boolean {
  if (--walk.values < 0) throw new Error('it holds more values than the limit allows')
  switch (type) {
    case 1:
    case 2:
      return true
    case 3:
      return skip(walk, 1)
    case 4:
    case 5:
    case 6:
      return readVarInt(walk) !== undefined
    case 7:
      return skip(walk, 8)
    case binary: {
      const length = readVarInt(walk)
      return length !== undefined && skip(walk, checkSize(length))
    }
    case list:
      return walkList(walk, depth)
    case struct:
      return walkStruct(walk, depth + 1)
    default:
      throw new Error(`it holds a value of the unknown type ${type}`)
  }
}

function walkList(walk: Walk, depth: number): boolean {
  if (walk.at >= walk.end) return false
  const head = walk.bytes[walk.at++]!
  const count = head >> 4 === 15 ? readVarInt(walk) : head >> 4
  if (count === undefined) return false
  checkSize(count)
  if (count > walk.end - walk.at) return false
  const type = head & 15
  if (type === 1 || type === 2) {
    walk.values -= count
    return skip(walk, count)
  }
  for (let i = 0; i < count; i++) if (!walkValue(walk, type, depth + 1)) return false
  return true
}

function skip(walk: Walk, count: number): boolean {
  walk.at += count
  return walk.at <= walk.end
}

function checkSize(size: number): number {
  if (size >= 2 ** 31) throw new Error(`it holds a value of ${size} bytes`)
  return size
}

function readVarInt(walk: Walk): number | undefined {
  const { bytes, end } = walk
  let [result, scale] = [0, 1]
  for (let read = 0; read < 10; read++) {
    if (walk.at >= end) return undefined
    const byte = bytes[walk.at++]!
    if (byte < 128) return result + byte * scale
    result += (byte & 127) * scale
    scale *= 128
  }
  throw new Error('it holds a number of more than ten bytes')
}

/** A place in bytes that {@link thriftEnd} has found sound, which whoever reads on there need not check again. */
export type ThriftCursor = Walk

export function cursorAt(bytes: Uint8Array, at: number): ThriftCursor {
  return { bytes, at, end: bytes.length, values: Number.POSITIVE_INFINITY }
}

/** Reads past a struct. `take` reads the field `id` and answers true, or false to have it passed over. */
export function readStruct(cursor: ThriftCursor, take: (id: number, type: number) => boolean): void {
  for (let id = 0; ; ) {
    const head = cursor.bytes[cursor.at++]!
    if (head === stop) return
    id = head >> 4 === 0 ? zigzag(cursor) : id + (head >> 4)
    if (!take(id, head & 15)) walkValue(cursor, head & 15, 0)
  }
}

/** Reads what is of type `type`; undefined, and nothing read, where it is no integer. */
export function readInteger(cursor: ThriftCursor, type: number): number | undefined {
  return isInteger(type) ? zigzag(cursor) : undefined
}

/** The same of bytes, as they lie. */
export function readBytes(cursor: ThriftCursor, type: number): Uint8Array | undefined {
  if (type !== binary) return undefined
  const size = readVarInt(cursor)!
  cursor.at += size
  return cursor.bytes.subarray(cursor.at - size, cursor.at)
}

/** The same of a list; `item` answers as `take` does of {@link readStruct}. */
export function readList(cursor: ThriftCursor, type: number, item: (type: number) => boolean): boolean {
  if (type !== list) return false
  const head = cursor.bytes[cursor.at++]!
  const count = head >> 4 === 15 ? readVarInt(cursor)! : head >> 4
  const itemType = head & 15
  const isBoolean = itemType === 1 || itemType === 2
  if (isBoolean) cursor.at += count
  else for (let i = 0; i < count; i++) if (!item(itemType)) walkValue(cursor, itemType, 0)
  return true
}

/** The same of a struct, `take` as in {@link readStruct}. */
export function readInner(cursor: ThriftCursor, type: number, take: (id: number, type: number) => boolean): boolean {
  if (type !== struct) return false
  readStruct(cursor, take)
  return true
}

function zigzag(cursor: ThriftCursor): number {
  const value = readVarInt(cursor)!
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}
