import type { Codec } from '../codecs.js'
import { ShardLimitError } from '../limits.js'
import { type AnyType, Type } from './library.js'
import type { ArrowLimits } from './limits.js'
import { decompressLz4Frame } from './lz4.js'
import type { Lend } from './messages.js'
import { type BatchLayout, within } from './metadata.js'

/** One column of a record batch, its lengths and offsets known to fit its bytes. Views, indices and ids are not yet checked. */
export type Column = {
  type: AnyType
  length: number
  /** A bit a row, lowest first, where any row is null. */
  validity?: Uint8Array
  values: Values
  /** `length + 1` of them, rising, within the child or the bytes in `values`; for a dense union `length`, unchecked. */
  offsets: Int32Array
  children: Column[]
  /** Where the longer ones of a column of views lie. */
  buffers: Uint8Array[]
  dictionary?: Dictionary
}

/** The values of a dictionary, in the chunks that came one after another. */
export type Dictionary = { chunks: Column[] }

type Values = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | FloatArray | BigArray
type FloatArray = Float32Array | Float64Array
type BigArray = BigInt64Array | BigUint64Array

export type LoadContext = {
  zstd: Codec
  dictionaries: ReadonlyMap<number, Dictionary>
  limits: ArrowLimits
  /** Memory for what is unpacked. */
  lend: Lend
}

/**
 * The columns of a batch, those that `isWanted` says; for the others undefined stands, and nothing of them is unpacked.
 * Throws a plain Error where the layout asks for what the body does not hold.
 */
export function loadColumns(
  fields: readonly { type: AnyType }[],
  layout: BatchLayout,
  body: Uint8Array,
  context: LoadContext,
  isWanted: (index: number) => boolean = () => true,
): (Column | undefined)[] {
  const cursor: Cursor = { layout, body, context, node: 0, buffer: 0, view: 0, plainBytes: 0 }
  within(layout.rows, rowsIn(body.length, context.limits, layout.codec !== undefined), 'rows')
  const columns = fields.map(({ type }, index) => {
    if (!isWanted(index)) return skipColumn(type, cursor)
    const column = loadColumn(type, cursor, 0)
    if (column.length !== layout.rows) throw new Error(`a column of ${column.length} rows in a batch of ${layout.rows}`)
    return column
  })
  if (2 * cursor.node !== layout.nodes.length || 2 * cursor.buffer !== layout.buffers.length) {
    throw new Error('its schema and its batch differ in their number of columns')
  }
  return columns
}

type Cursor = {
  layout: BatchLayout
  body: Uint8Array
  context: LoadContext
  node: number
  buffer: number
  view: number
  plainBytes: number
}

/** The most rows that so many bytes can hold: a bit a row. Nulls take none, so some rows are free. */
function rowsIn(bytes: number, limits: ArrowLimits, packed: boolean): number {
  return limits.freeRows + 8 * (packed ? Math.min(limits.plainBatch, bytes * limits.ratio) : bytes)
}

const empty = new Uint8Array(0)
const noOffsets = new Int32Array(1)

function loadColumn(type: AnyType, cursor: Cursor, depth: number): Column {
  const { length, nulls } = nextNode(cursor)
  const column: Column = { type, length, values: empty, offsets: noOffsets, children: [], buffers: [] }
  const child = (index: number) => {
    column.children[index] = loadColumn(type.children![index]!.type, cursor, depth + 1)
    return column.children[index]
  }
  const childCount = type.children?.length ?? 0
  if (type.typeId === Type.Null) return column
  if (type.typeId === Type.Union) return loadUnion(column, cursor, childCount, child)
  const validity = nextBuffer(cursor)
  if (nulls > 0) {
    if (validity.length < Math.ceil(length / 8)) throw new Error('its null bits end too early')
    column.validity = validity
  }
  switch (type.typeId) {
    case Type.Utf8:
    case Type.Binary:
    case Type.LargeUtf8:
    case Type.LargeBinary: {
      const isLarge = type.typeId === Type.LargeUtf8 || type.typeId === Type.LargeBinary
      const offsets = nextBuffer(cursor)
      column.values = nextBuffer(cursor)
      column.offsets = risingOffsets(offsets, length, isLarge, column.values.length)
      return column
    }
    case Type.Utf8View:
    case Type.BinaryView: {
      column.values = sized(nextBuffer(cursor), length * 16)
      const count = within(cursor.layout.variadic[cursor.view++] ?? 0, cursor.layout.buffers.length, 'buffers')
      for (let i = 0; i < count; i++) column.buffers.push(nextBuffer(cursor))
      return column
    }
    case Type.List:
    case Type.LargeList:
    case Type.Map: {
      const offsets = nextBuffer(cursor)
      if (childCount !== 1) throw new Error('a list without a type of its items')
      column.offsets = risingOffsets(offsets, length, type.typeId === Type.LargeList, child(0).length)
      return column
    }
    case Type.FixedSizeList: {
      if (childCount !== 1) throw new Error('a list without a type of its items')
      const size = within(type.listSize, 2 ** 31 - 1, 'items of a list')
      if (child(0).length < length * size) throw new Error('its lists are longer than their items')
      return column
    }
    case Type.Struct: {
      for (let i = 0; i < childCount; i++) {
        if (child(i).length < length) throw new Error('a struct is longer than its fields')
      }
      return column
    }
    case Type.Dictionary:
      column.values = fixedValues(type.indices, nextBuffer(cursor), length)
      column.dictionary = cursor.context.dictionaries.get(type.id)
      if (!column.dictionary && length > 0) throw new Error(`dictionary ${type.id} comes after it is used, or never`)
      return column
    default:
      column.values = fixedValues(type, nextBuffer(cursor), length)
      return column
  }
}

function loadUnion(column: Column, cursor: Cursor, count: number, child: (index: number) => Column): Column {
  column.values = sized(nextBuffer(cursor), column.length)
  const isDense = column.type.mode === 1
  if (isDense) column.offsets = typed(Int32Array, nextBuffer(cursor), column.length)
  for (let i = 0; i < count; i++) {
    if (child(i).length < column.length && !isDense) throw new Error('a union is longer than its fields')
  }
  return column
}

function skipColumn(type: AnyType, cursor: Cursor): undefined {
  cursor.node++
  const { typeId } = type
  const isView = typeId === Type.Utf8View || typeId === Type.BinaryView
  const isText = [Type.Utf8, Type.Binary, Type.LargeUtf8, Type.LargeBinary].includes(typeId)
  const isBare = typeId === Type.Struct || typeId === Type.FixedSizeList || (typeId === Type.Union && type.mode !== 1)
  cursor.buffer += typeId === Type.Null ? 0 : isText ? 3 : isBare ? 1 : 2
  if (isView) cursor.buffer += cursor.layout.variadic[cursor.view++] ?? 0
  if (typeId !== Type.Dictionary) {
    for (const field of type.children ?? []) skipColumn(field.type, cursor)
  }
}

function nextNode(cursor: Cursor): { length: number; nulls: number } {
  const { layout, context, body } = cursor
  const at = 2 * cursor.node++
  if (at >= layout.nodes.length) throw new Error('its batch has fewer columns than its schema')
  const most = rowsIn(body.length, context.limits, layout.codec !== undefined)
  const length = within(layout.nodes[at]!, most, 'values')
  return { length, nulls: within(layout.nodes[at + 1]!, length, 'nulls') }
}

/** The next buffer's plain bytes. */
function nextBuffer(cursor: Cursor): Uint8Array {
  const { layout, body, context } = cursor
  const at = 2 * cursor.buffer++
  if (at >= layout.buffers.length) throw new Error('its batch has fewer buffers than its columns need')
  const start = within(layout.buffers[at]!, body.length, 'bytes before a buffer')
  const length = within(layout.buffers[at + 1]!, body.length - start, 'bytes of a buffer')
  const bytes = body.subarray(start, start + length)
  return layout.codec === undefined || length === 0 ? bytes : unpack(bytes, layout.codec, cursor, context)
}

/** A compressed buffer: its plain size in eight bytes, -1 for a buffer left plain, then the frame. */
function unpack(
  bytes: Uint8Array,
  codec: 'lz4' | 'zstd',
  cursor: Cursor,
  { limits, zstd, lend }: LoadContext,
): Uint8Array {
  if (bytes.length < 8) throw new Error('a compressed buffer without its size')
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true))
  const frame = bytes.subarray(8)
  if (size === -1) return frame
  const bounds = {
    pageBytes: limits.plainBuffer,
    heldBytes: limits.plainBatch - cursor.plainBytes,
    ratio: 65_536 + frame.length * limits.ratio,
  }
  for (const [name, most] of Object.entries(bounds)) {
    const what = `it claims ${size} plain bytes in a compressed buffer, and at most ${most} are possible`
    if (size > most) throw new ShardLimitError(what, name as keyof typeof bounds)
  }
  cursor.plainBytes += within(size, limits.plainBuffer, 'plain bytes in a compressed buffer')
  if (size === 0) return empty
  const plain = lend(size)
  if (codec === 'lz4') decompressLz4Frame(frame, plain)
  else zstd.decompressInto!(frame, plain)
  return plain
}

/** Offsets as 32 bits whatever they were, checked to rise from 0 up to at most `most`. */
function risingOffsets(bytes: Uint8Array, length: number, isLarge: boolean, most: number): Int32Array {
  // Writers may leave the offsets of no values out.
  if (length === 0 && bytes.length === 0) return noOffsets
  const offsets = isLarge
    ? Int32Array.from(typed(BigInt64Array, bytes, length + 1), (offset) =>
        offset > 2n ** 31n - 1n ? -1 : Number(offset),
      )
    : typed(Int32Array, bytes, length + 1)
  let before = 0
  for (let i = 0; i <= length; i++) {
    const offset = offsets[i]!
    if (offset < before) throw new Error('its offsets go back')
    before = offset
  }
  if (before > most) throw new Error(`its offsets reach ${before}, and there are ${most}`)
  return offsets
}

function fixedValues(type: AnyType, bytes: Uint8Array, length: number): Values {
  switch (type.typeId) {
    case Type.Bool:
      return sized(bytes, Math.ceil(length / 8))
    case Type.Int: {
      const found = integers[`${type.isSigned ? 'i' : 'u'}${type.bitWidth}`]
      if (!found) throw new Error(`integers of ${type.bitWidth} bits`)
      return typed(found, bytes, length)
    }
    case Type.Float:
      return typed<Values>([Uint16Array, Float32Array, Float64Array][type.precision] ?? Float64Array, bytes, length)
    case Type.Date:
      return typed<Values>(type.unit === 0 ? Int32Array : BigInt64Array, bytes, length)
    case Type.Time:
      return typed<Values>(type.bitWidth === 32 ? Int32Array : BigInt64Array, bytes, length)
    case Type.Timestamp:
    case Type.Duration:
      return typed(BigInt64Array, bytes, length)
    case Type.Interval:
      return typed(Int32Array, bytes, length * (type.unit === 0 ? 1 : type.unit === 1 ? 2 : 4))
    case Type.Decimal:
      if (![32, 64, 128, 256].includes(type.bitWidth)) throw new Error(`decimals of ${type.bitWidth} bits`)
      return sized(bytes, (length * type.bitWidth) / 8)
    case Type.FixedSizeBinary:
      return sized(bytes, length * within(type.byteWidth, 2 ** 31 - 1, 'bytes of a value'))
    default:
      throw new Error(`values of type ${type}`)
  }
}

const integers: Record<string, Kind> = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
}

type Kind<A extends Values = Values> = {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A
  BYTES_PER_ELEMENT: number
}

function typed<A extends Values>(kind: Kind<A>, bytes: Uint8Array, length: number): A {
  const needed = sized(bytes, length * kind.BYTES_PER_ELEMENT)
  const aligned = needed.byteOffset % kind.BYTES_PER_ELEMENT === 0 ? needed : Uint8Array.prototype.slice.call(needed)
  return new kind(aligned.buffer as ArrayBuffer, aligned.byteOffset, length)
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length < size) throw new Error(`a buffer of ${bytes.length} bytes where ${size} are needed`)
  return bytes.subarray(0, size)
}
