import { dayToDate, narrow, toDate, utf8 } from '../values.js'
import { type Data, type Field, TimeUnit, Type, Vector } from './library.js'
import { isJson } from './schema.js'

/** Reads one value of a column by its place. */
type Get = (index: number) => unknown

/**
 * A column of a record batch as plain values. Texts are cut straight out of its bytes, because Arrow's own getter drops
 * a byte order mark at their start; types without a rule here (decimals, intervals, unions) go through that getter.
 */
export function columnReader(field: Field, data: Data): Get {
  const get = valueReader(field, data)
  const { nullBitmap, offset } = data
  if (data.nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return get
  return (index) => {
    const bit = offset + index
    return (nullBitmap[bit >> 3]! & (1 << (bit & 7))) === 0 ? null : get(index)
  }
}

function valueReader(field: Field, data: Data): Get {
  const { values } = data
  const type = detailsOf(data)
  switch (type.typeId) {
    case Type.Null:
      return () => null
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return textReader(field, bytesReader(data))
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView: {
      const bytes = bytesReader(data)
      // A copy: the view would keep the whole batch alive.
      return (index) => bytes(index, (block, start, end) => block.slice(start, end))
    }
    case Type.Bool:
      return (index) => (values[(data.offset + index) >> 3]! & (1 << ((data.offset + index) & 7))) !== 0
    case Type.Int:
      return (index) => narrow(values[index])
    case Type.Float:
      return type.precision === 0 ? otherReader(data) : (index) => values[index]
    case Type.Timestamp: {
      const { unit } = type
      if (unit === TimeUnit.SECOND) return (index) => new Date(Number(values[index]) * 1000)
      const perMilli = unit === TimeUnit.MILLISECOND ? 1n : unit === TimeUnit.MICROSECOND ? 1000n : 1_000_000n
      return (index) => toDate(values[index], perMilli)
    }
    case Type.Date:
      return type.unit === 0 ? (index) => dayToDate(values[index]) : (index) => new Date(Number(values[index]))
    case Type.Struct:
      return structReader(data)
    case Type.List:
    case Type.LargeList:
      return listReader(data)
    case Type.FixedSizeList:
      return fixedListReader(data)
    case Type.Map:
      return mapReader(data)
    case Type.Dictionary:
      return dictionaryReader(field, data)
    default:
      return otherReader(data)
  }
}

/** What the library's types tell of themselves, each of them only some of it. */
type Details = { typeId: Type; precision: number; unit: number; listSize: number }

function detailsOf({ type }: Data): Details {
  return type as unknown as Details
}

type UseBytes = (index: number, use: (block: Uint8Array, start: number, end: number) => unknown) => unknown

function bytesReader(data: Data): UseBytes {
  const { values, valueOffsets } = data
  if (data.type.typeId !== Type.Utf8View && data.type.typeId !== Type.BinaryView) {
    return (index, use) => use(values, Number(valueOffsets[index]), Number(valueOffsets[index + 1]))
  }
  // A view is 16 bytes: a length, then up to 12 bytes themselves, or 4 of them and where the whole lies.
  const views = new DataView(values.buffer, values.byteOffset, values.byteLength)
  return (index, use) => {
    const at = (data.offset + index) * 16
    const length = views.getInt32(at, true)
    if (length <= 12) return use(values, at + 4, at + 4 + length)
    const start = views.getInt32(at + 12, true)
    return use(data.variadicBuffers[views.getInt32(at + 8, true)]!, start, start + length)
  }
}

function textReader(field: Field, bytes: UseBytes): Get {
  return isJson(field) ? (index) => JSON.parse(bytes(index, utf8) as string) : (index) => bytes(index, utf8)
}

function structReader({ type, children }: Data): Get {
  const fields = (type.children as Field[]).map(
    (field, index) => [field.name, columnReader(field, children[index]!)] as const,
  )
  return (index) => Object.fromEntries(fields.map(([name, get]) => [name, get(index)]))
}

function listReader({ type, children, valueOffsets }: Data): Get {
  const item = columnReader(type.children[0], children[0]!)
  return (index) => range(item, Number(valueOffsets[index]), Number(valueOffsets[index + 1]))
}

function fixedListReader(data: Data): Get {
  const { type, children, offset } = data
  const size = detailsOf(data).listSize
  const [child] = children as [Data]
  if (child.type.typeId === Type.Float && detailsOf(child).precision === 1 && child.nullCount === 0) {
    return (index) => (child.values as Float32Array).slice((offset + index) * size, (offset + index + 1) * size)
  }
  const item = columnReader(type.children[0], child)
  return (index) => range(item, (offset + index) * size, (offset + index + 1) * size)
}

function mapReader({ type, children, valueOffsets }: Data): Get {
  const entries = columnReader(type.children[0], children[0]!)
  return (index) => {
    const pairs = range(entries, Number(valueOffsets[index]), Number(valueOffsets[index + 1])) as Record<
      string,
      unknown
    >[]
    return Object.fromEntries(pairs.map((pair) => Object.values(pair) as [string, unknown]))
  }
}

function dictionaryReader(field: Field, data: Data): Get {
  const chunks = data.dictionary!.data.map((chunk) => ({ length: chunk.length, get: columnReader(field, chunk) }))
  return (index) => {
    let at = Number(data.values[index])
    for (const { length, get } of chunks) {
      if (at < length) return get(at)
      at -= length
    }
    throw new Error(`index ${data.values[index]} lies outside the dictionary`)
  }
}

function otherReader(data: Data): Get {
  const vector = new Vector([data])
  return (index) => narrow(vector.get(index))
}

function range(get: Get, start: number, end: number): unknown[] {
  const values = new Array(end - start)
  for (let i = start; i < end; i++) values[i - start] = get(i)
  return values
}
