import { dayToDate, narrow, toDate, utf8 } from '../values.js'
import { type Field, makeData, TimeUnit, Type, Vector } from './library.js'
import type { Column, Dictionary } from './load.js'
import { isJson } from './schema.js'

/** Reads one value of a column by its place. Throws a plain Error for a place that lies outside the bytes. */
type Get = (index: number) => unknown

/**
 * A column of a record batch as plain values. Texts are cut straight out of its bytes, because Arrow's own getter drops
 * a byte order mark at their start.
 */
export function columnReader(field: Field, column: Column): Get {
  const get = valueReader(field, column)
  const { validity } = column
  if (!validity) return get
  return (index) => ((validity[index >> 3]! & (1 << (index & 7))) === 0 ? null : get(index))
}

function valueReader(field: Field, column: Column): Get {
  const { type } = column
  const values = column.values as unknown as ArrayLike<never>
  switch (type.typeId) {
    case Type.Null:
      return () => null
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return textReader(field, bytesReader(column))
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView: {
      const bytes = bytesReader(column)
      // A copy: the view would keep the whole batch alive.
      return (index) => bytes(index, (block, start, end) => new Uint8Array(block.subarray(start, end)))
    }
    case Type.FixedSizeBinary:
      return (index) => new Uint8Array(bytesOf(column).subarray(index * type.byteWidth, (index + 1) * type.byteWidth))
    case Type.Bool:
      return (index) => (values[index >> 3]! & (1 << (index & 7))) !== 0
    case Type.Int:
    case Type.Time:
    case Type.Duration:
      return (index) => narrow(values[index])
    case Type.Float:
      return type.precision === 0 ? (index) => half(values[index]!) : (index) => values[index]
    case Type.Decimal:
      return decimalReader(column)
    case Type.Timestamp: {
      const { unit } = type
      if (unit === TimeUnit.SECOND) return (index) => new Date(Number(values[index]) * 1000)
      const perMilli = unit === TimeUnit.MILLISECOND ? 1n : unit === TimeUnit.MICROSECOND ? 1000n : 1_000_000n
      return (index) => toDate(values[index]!, perMilli)
    }
    case Type.Date:
      return type.unit === 0 ? (index) => dayToDate(values[index]!) : (index) => new Date(Number(values[index]))
    case Type.Struct:
      return structReader(column)
    case Type.List:
    case Type.LargeList:
      return listReader(column)
    case Type.FixedSizeList:
      return fixedListReader(column)
    case Type.Map:
      return mapReader(column)
    case Type.Union:
      return unionReader(column)
    case Type.Dictionary:
      return dictionaryReader(field, column)
    default:
      return otherReader(column)
  }
}

const bytesOf = (column: Column): Uint8Array => column.values as Uint8Array

type UseBytes = (index: number, use: (block: Uint8Array, start: number, end: number) => unknown) => unknown

function bytesReader(column: Column): UseBytes {
  const { offsets, type, buffers } = column
  const values = bytesOf(column)
  if (type.typeId !== Type.Utf8View && type.typeId !== Type.BinaryView) {
    return (index, use) => use(values, offsets[index]!, offsets[index + 1]!)
  }
  // A view is 16 bytes: a length, then up to 12 bytes themselves, or 4 of them and where the whole lies.
  const views = new DataView(values.buffer, values.byteOffset, values.byteLength)
  return (index, use) => {
    const at = index * 16
    const length = views.getInt32(at, true)
    if (length >= 0 && length <= 12) return use(values, at + 4, at + 4 + length)
    const start = views.getInt32(at + 12, true)
    const block = buffers[views.getInt32(at + 8, true)]
    if (length < 0 || start < 0 || block === undefined || start + length > block.length) {
      throw new Error(`value ${index} lies outside its buffers`)
    }
    return use(block, start, start + length)
  }
}

function textReader(field: Field, bytes: UseBytes): Get {
  return isJson(field) ? (index) => JSON.parse(bytes(index, utf8) as string) : (index) => bytes(index, utf8)
}

/** A number of 16 bits: sign, five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

/** Decimals as the nearest number, as the Parquet reader gives them. */
function decimalReader(column: Column): Get {
  const { bitWidth, scale } = column.type
  const bytes = bytesOf(column)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (index) => {
    const start = (index * bitWidth) / 8
    let unscaled = 0n
    for (let word = bitWidth / 32 - 1; word >= 0; word--) {
      unscaled = (unscaled << 32n) | BigInt(view.getUint32(start + 4 * word, true))
    }
    return Number(BigInt.asIntN(bitWidth, unscaled)) / 10 ** scale
  }
}

function structReader({ type, children }: Column): Get {
  const fields = type.children!.map((field, index) => [field.name, columnReader(field, children[index]!)] as const)
  return (index) => Object.fromEntries(fields.map(([name, get]) => [name, get(index)]))
}

function listReader({ type, children, offsets }: Column): Get {
  const item = columnReader(type.children![0]!, children[0]!)
  return (index) => range(item, offsets[index]!, offsets[index + 1]!)
}

function fixedListReader({ type, children }: Column): Get {
  const size = type.listSize
  const [child] = children as [Column]
  if (child.values instanceof Float32Array && child.validity === undefined) {
    const floats = child.values
    return (index) => floats.slice(index * size, (index + 1) * size)
  }
  const item = columnReader(type.children![0]!, child)
  return (index) => range(item, index * size, (index + 1) * size)
}

function mapReader(column: Column): Get {
  const entries = listReader(column)
  return (index) => {
    const pairs = entries(index) as Record<string, unknown>[]
    return Object.fromEntries(pairs.map((pair) => Object.values(pair) as [string, unknown]))
  }
}

function unionReader(column: Column): Get {
  const { type, offsets, children } = column
  const ids = bytesOf(column)
  const getters = type.children!.map((field, index) => columnReader(field, children[index]!))
  const places = new Map(Array.from(type.typeIds, (id, index) => [id, index]))
  const isDense = type.mode === 1
  return (index) => {
    const place = places.get(ids[index]!)
    const child = place === undefined ? undefined : children[place]
    const at = isDense ? offsets[index]! : index
    if (!child || at < 0 || at >= child.length) throw new Error(`value ${index} of a union lies outside its fields`)
    return getters[place!]!(at)
  }
}

type Lookup = { starts: number[]; gets: Get[]; found: Map<number, unknown> }

/** What was read of a dictionary, kept with it: every batch asks anew for the same few values. */
const lookups = new WeakMap<Dictionary, Lookup>()

function dictionaryReader(field: Field, { values, dictionary }: Column): Get {
  if (!dictionary) return () => null
  let lookup = lookups.get(dictionary)
  if (!lookup || lookup.gets.length !== dictionary.chunks.length) {
    lookup = { starts: [0], gets: [], found: new Map() }
    for (const chunk of dictionary.chunks) {
      lookup.gets.push(columnReader(field, chunk))
      lookup.starts.push(lookup.starts.at(-1)! + chunk.length)
    }
    lookups.set(dictionary, lookup)
  }
  const { starts, gets, found } = lookup
  return (index) => {
    const at = Number(values[index])
    const known = found.get(at)
    if (known !== undefined) return known
    if (!(at >= 0 && at < starts.at(-1)!)) throw new Error(`index ${at} lies outside the dictionary`)
    let [low, high] = [0, gets.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= at) low = middle
      else high = middle
    }
    const value = gets[low]!(at - starts[low]!)
    if (typeof value === 'string') found.set(at, value)
    return value
  }
}

/** Types without a rule here (intervals), by the library's own getter. */
function otherReader({ type, length, values }: Column): Get {
  const vector = new Vector([makeData({ type, length, nullCount: 0, data: values } as never)])
  return (index) => {
    const value = vector.get(index)
    return ArrayBuffer.isView(value) ? Int32Array.from(value as Int32Array) : narrow(value)
  }
}

function range(get: Get, start: number, end: number): unknown[] {
  const values = new Array(end - start)
  for (let i = start; i < end; i++) values[i - start] = get(i)
  return values
}
