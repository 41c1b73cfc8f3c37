import { compressionNames, encodingNames, typeNames } from './library.js'
import { cursorAt, readBytes, readInner, readInteger, readList, readStruct, type ThriftCursor } from './thrift.js'

/** What a footer says of a row group, as far as reading needs it; a count that is missing is NaN. */
export type StoredGroup = { rows: number; chunks: StoredChunk[] }

/** The same of one column chunk. */
export type StoredChunk = {
  type: string | undefined
  encodings: readonly (string | undefined)[]
  /** Names from below the root to the leaf. */
  path: readonly string[]
  codec: string | undefined
  /** Values and nulls. */
  values: number
  /** Sizes of its pages in bytes, decompressed and as they lie in the file. */
  plainBytes: number
  bytes: number
  /** Where its first data page lies, and its dictionary, 0 where it has none. */
  dataAt: number
  dictionaryAt: number
  /** Where its offset index lies, and its bytes, NaN where it has none. */
  indexAt: number
  indexBytes: number
}

/**
 * Reads the row groups of a footer that {@link thriftEnd} has found sound, passing over statistics and whatever else
 * reading needs not: of a file of many row groups, building all that costs a tenth of the reading and much memory. `rest` is the same
 * footer without row groups. Throws an Error for chunks that are encrypted or elsewhere. Source: FileMetaData in parquet.thrift.
 */
export function readRowGroups(footer: Uint8Array): { groups: StoredGroup[]; rest: Uint8Array } {
  const cursor = cursorAt(footer, 0)
  const seen: Seen = []
  let found: { groups: StoredGroup[]; start: number; end: number } | undefined
  readStruct(cursor, (id, type) => {
    if (id !== 4) return false
    if (found !== undefined) throw new Error('it lists its row groups twice')
    const groups: StoredGroup[] = []
    const start = cursor.at
    const isList = readList(cursor, type, (itemType) => {
      const group: StoredGroup = { rows: Number.NaN, chunks: [] }
      groups.push(group)
      return readInner(cursor, itemType, (field, fieldType) => {
        if (field === 1) return readList(cursor, fieldType, (chunkType) => readChunk(cursor, chunkType, group, seen))
        const rows = field === 3 ? readInteger(cursor, fieldType) : undefined
        if (rows !== undefined) group.rows = rows
        return rows !== undefined
      })
    })
    if (isList) found = { groups, start, end: cursor.at }
    return isList
  })
  if (found === undefined) throw new Error('it lists no row groups')
  const { groups, start, end } = found
  return { groups, rest: Buffer.concat([footer.subarray(0, start), emptyList, footer.subarray(end, cursor.at)]) }
}

/** No structs. */
const emptyList = Uint8Array.of(12)

function readChunk(cursor: ThriftCursor, type: number, { chunks }: StoredGroup, seen: Seen): boolean {
  let isKnown = false
  const index = [Number.NaN, Number.NaN] as [number, number]
  seen[chunks.length] ??= {}
  const lists = seen[chunks.length]!
  const isChunk = readInner(cursor, type, (id, fieldType) => {
    if (id === 8) throw new Error('a column is encrypted')
    if (id === 3) {
      const chunk = { ...blank }
      isKnown = readInner(cursor, fieldType, (field, valueType) => readField(cursor, field, valueType, chunk, lists))
      if (isKnown) chunks.push(chunk)
      return isKnown
    }
    if (id === 4 || id === 5) {
      const value = readInteger(cursor, fieldType)
      index[id - 4] = value ?? Number.NaN
      return value !== undefined
    }
    const path = id === 1 ? readBytes(cursor, fieldType) : undefined
    if (path?.length) throw new Error(`a column lies in another file, ${textOf(path)}`)
    return path !== undefined
  })
  if (!isKnown) throw new Error('a column chunk has no metadata')
  const chunk = chunks.at(-1)!
  ;[chunk.indexAt, chunk.indexBytes] = index
  return isChunk
}

const blank: StoredChunk = {
  type: undefined,
  encodings: [],
  path: [],
  codec: undefined,
  values: Number.NaN,
  plainBytes: Number.NaN,
  bytes: Number.NaN,
  dataAt: Number.NaN,
  dictionaryAt: 0,
  indexAt: Number.NaN,
  indexBytes: Number.NaN,
}

/** Field numbers of ColumnMetaData in parquet.thrift. */
const counts = { 5: 'values', 6: 'plainBytes', 7: 'bytes', 9: 'dataAt', 11: 'dictionaryAt' } as const

/** The last path and the last encodings of each column: what one row group says of them, the next mostly says again. */
type Seen = { path?: SeenList; encodings?: SeenList }[]
type SeenList = { type: number; start: number; end: number; items: readonly (string | undefined)[] }

function readField(cursor: ThriftCursor, id: number, type: number, chunk: StoredChunk, lists: Seen[number]): boolean {
  if (id === 2) {
    lists.encodings = readItems(cursor, type, lists.encodings, encodingName)
    if (lists.encodings !== undefined) chunk.encodings = lists.encodings.items
    return lists.encodings !== undefined
  }
  if (id === 3) {
    lists.path = readItems(cursor, type, lists.path, pathName)
    if (lists.path !== undefined) chunk.path = lists.path.items as string[]
    return lists.path !== undefined
  }
  if (id !== 1 && id !== 4 && !(id in counts)) return false
  const value = readInteger(cursor, type)
  if (value === undefined) return false
  if (id === 1) chunk.type = typeNames[value]
  else if (id === 4) chunk.codec = compressionNames[value]
  else chunk[counts[id as keyof typeof counts]] = value
  return true
}

/** Reads a list, or takes that of the column before it where its bytes are the same; undefined where there is none. */
function readItems(
  cursor: ThriftCursor,
  type: number,
  last: SeenList | undefined,
  item: (cursor: ThriftCursor, type: number) => string | undefined,
): SeenList | undefined {
  if (last?.type === type && isRepeated(cursor, last)) {
    cursor.at += last.end - last.start
    return last
  }
  const items: (string | undefined)[] = []
  const start = cursor.at
  const isList = readList(cursor, type, (itemType) => {
    const before = cursor.at
    items.push(item(cursor, itemType))
    return cursor.at > before
  })
  return isList ? { type, start, end: cursor.at, items } : undefined
}

function isRepeated({ bytes, at, end }: ThriftCursor, last: SeenList): boolean {
  const size = last.end - last.start
  if (at + size > end) return false
  for (let i = 0; i < size; i++) if (bytes[at + i] !== bytes[last.start + i]) return false
  return true
}

function encodingName(cursor: ThriftCursor, type: number): string | undefined {
  return encodingNames[readInteger(cursor, type) ?? -1]
}

function pathName(cursor: ThriftCursor, type: number): string {
  const name = readBytes(cursor, type)
  return name === undefined ? '' : textOf(name)
}

function textOf(bytes: Uint8Array): string {
  return Buffer.prototype.utf8Slice.call(bytes, 0, bytes.length)
}
