import type { ColumnType } from '../types.js'
import { type Data, type DataType, makeData } from './library.js'

/** A column of fitted values (see fitter) as Arrow keeps it: validity bits, offsets, and values end to end. */
export function buildColumn(columnType: ColumnType, type: DataType, values: readonly unknown[]): Data {
  const { length } = values
  const base = { type, length, ...validity(values) }
  if (typeof columnType === 'object') {
    if ('struct' in columnType) {
      const children = Object.entries(columnType.struct).map(([name, field], index) => {
        const inner = values.map((value) => (value === null ? null : (value as Record<string, unknown>)[name]))
        return buildColumn(field, type.children[index].type, inner)
      })
      return makeData({ ...base, children } as never)
    }
    if ('vector' in columnType) {
      const floats = new Float32Array(length * columnType.vector)
      for (const [index, value] of values.entries()) {
        if (value !== null) floats.set(value as Float32Array, index * columnType.vector)
      }
      const child = makeData({
        type: type.children[0].type,
        length: floats.length,
        nullCount: 0,
        data: floats,
      } as never)
      return makeData({ ...base, child } as never)
    }
    const valueOffsets = offsets(values, (value) => (value as unknown[]).length)
    const items = values.flatMap((value) => (value === null ? [] : (value as unknown[])))
    return makeData({
      ...base,
      valueOffsets,
      child: buildColumn(columnType.list, type.children[0].type, items),
    } as never)
  }
  if (columnType === 'string' || columnType === 'json') {
    const valueOffsets = offsets(values, (value) => Buffer.byteLength(value as string))
    const data = Buffer.allocUnsafeSlow(valueOffsets[length]!)
    for (let i = 0; i < length; i++) if (values[i] !== null) data.write(values[i] as string, valueOffsets[i]!)
    return makeData({ ...base, valueOffsets, data } as never)
  }
  if (columnType === 'binary') {
    const valueOffsets = offsets(values, (value) => (value as Uint8Array).byteLength)
    const data = new Uint8Array(valueOffsets[length]!)
    for (let i = 0; i < length; i++) if (values[i] !== null) data.set(values[i] as Uint8Array, valueOffsets[i]!)
    return makeData({ ...base, valueOffsets, data } as never)
  }
  return makeData({ ...base, data: fixedWidth[columnType](values) } as never)
}

type FixedWidth = Exclude<Extract<ColumnType, string>, 'string' | 'json' | 'binary'>

const fixedWidth: Record<FixedWidth, (values: readonly unknown[]) => ArrayBufferView> = {
  boolean: (values) => bits(values, (value) => value === true),
  int32: (values) => Int32Array.from(values as number[], (value) => value ?? 0),
  int64: int64Values,
  timestamp: int64Values,
  float: (values) => Float32Array.from(values as number[], (value) => value ?? 0),
  double: (values) => Float64Array.from(values as number[], (value) => value ?? 0),
}

function int64Values(values: readonly unknown[]): BigInt64Array {
  const found = new BigInt64Array(values.length)
  const halves = new Int32Array(found.buffer)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint | null
    if (typeof value === 'bigint') found[i] = value
    else if (value !== null) {
      // Halves cost a tenth of a BigInt; the low one wraps as 32 bits do.
      halves[2 * i] = value | 0
      halves[2 * i + 1] = Math.floor(value / 2 ** 32)
    }
  }
  return found
}

function validity(values: readonly unknown[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = values.reduce<number>((count, value) => count + (value === null ? 1 : 0), 0)
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bits(values, (value) => value !== null) }
}

function bits(values: readonly unknown[], isSet: (value: unknown) => boolean): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(values.length / 8))
  for (let i = 0; i < values.length; i++) if (isSet(values[i])) bytes[i >> 3]! |= 1 << (i & 7)
  return bytes
}

function offsets(values: readonly unknown[], size: (value: unknown) => number): Int32Array {
  const found = new Int32Array(values.length + 1)
  for (let i = 0; i < values.length; i++) found[i + 1] = found[i]! + (values[i] === null ? 0 : size(values[i]))
  return found
}
