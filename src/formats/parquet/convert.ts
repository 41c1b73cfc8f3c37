import { dayToDate, narrow, toDate, utf8 } from '../values.js'
import { DEFAULT_PARSERS, type SchemaElement } from './library.js'
import { kindOf } from './schema.js'

/** How one column's stored values become ours, by the form in which they are stored; undefined: as they are. */
export type Convert = {
  bytes(bytes: Uint8Array, start: number, end: number): unknown
  int32?(value: number): unknown
  /** The low and high half of a 64-bit integer, signed. */
  int64(low: number, high: number): unknown
}

/**
 * Makes the conversion of a column. Decimals become their digits as text, exact at any precision; points in time Dates;
 * integers numbers where that is exact and bigints beyond; geometries, BSON and intervals stay bytes.
 */
export function converter(element: SchemaElement): Convert {
  return { bytes: bytesConverter(element), int32: int32Converter(element), int64: int64Converter(element) }
}

function bytesConverter(element: SchemaElement): Convert['bytes'] {
  if (element.type === 'INT96') return int96ToDate
  const kind = kindOf(element) ?? element.converted_type
  switch (kind) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
      return utf8
    case 'JSON':
      return (bytes, start, end) => JSON.parse(utf8(bytes, start, end))
    case 'DECIMAL':
      return (bytes, start, end) => decimalText(bigEndian(bytes, start, end), element.scale ?? 0)
    case 'UUID':
      return (bytes, start, end) => DEFAULT_PARSERS.uuidFromBytes(bytes.subarray(start, end))
    case 'FLOAT16':
      return float16
    default:
      // A copy, so that one kept value does not keep its whole page.
      return (bytes, start, end) => new Uint8Array(bytes.subarray(start, end))
  }
}

function int32Converter(element: SchemaElement): Convert['int32'] {
  const { logical_type: logical, converted_type, scale = 0 } = element
  const kind = kindOf(element)
  if (kind === 'DECIMAL') return (value) => decimalText(BigInt(value), scale)
  if (kind === 'DATE') return dayToDate
  const unsigned = converted_type === 'UINT_32' || (logical?.type === 'INTEGER' && !logical.isSigned)
  return unsigned ? (value) => value >>> 0 : undefined
}

const perMilli = { MILLIS: 1n, MICROS: 1000n, NANOS: 1_000_000n }

function int64Converter(element: SchemaElement): Convert['int64'] {
  const { logical_type: logical, converted_type, scale = 0 } = element
  const kind = kindOf(element)
  if (kind === 'DECIMAL') return (low, high) => decimalText(toBigInt(low, high), scale)
  const unit = logical?.type === 'TIMESTAMP' ? logical.unit : timestampUnits[converted_type ?? '']
  if (unit !== undefined) return (low, high) => toDate(toBigInt(low, high), perMilli[unit])
  const unsigned = converted_type === 'UINT_64' || (logical?.type === 'INTEGER' && !logical.isSigned)
  if (unsigned) return (low, high) => narrow(BigInt.asUintN(64, toBigInt(low, high)))
  return (low, high) => {
    // Within 2^53 either way, the halves make the number exactly.
    if (high < 0x1fffff && high > -0x200000) return high * 0x1_0000_0000 + (low >>> 0)
    return narrow(toBigInt(low, high))
  }
}

const timestampUnits: Record<string, keyof typeof perMilli | undefined> = {
  TIMESTAMP_MILLIS: 'MILLIS',
  TIMESTAMP_MICROS: 'MICROS',
}

function toBigInt(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0)
}

/** Days since the Julian epoch behind nanoseconds of the day, as Spark and Impala write points in time. */
function int96ToDate(bytes: Uint8Array, start: number): Date {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 12)
  const days = BigInt(view.getInt32(8, true)) - 2_440_588n
  return toDate(days * 86_400_000_000_000n + view.getBigInt64(0, true), 1_000_000n)
}

function float16(bytes: Uint8Array, start: number): number {
  const bits = bytes[start]! | (bytes[start + 1]! << 8)
  const sign = bits >> 15 ? -1 : 1
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
}

function bigEndian(bytes: Uint8Array, start: number, end: number): bigint {
  if (end === start) return 0n
  const hex = Buffer.prototype.hexSlice.call(bytes, start, end)
  return BigInt.asIntN(8 * (end - start), BigInt(`0x${hex}`))
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
