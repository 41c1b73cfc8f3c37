import type { ColumnType, Schema } from './types.js'

/** Columns as Hugging Face datasets 4 and later spell them in a Parquet file's metadata. */
export function fileFeatures(schema: Schema): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).map(([name, type]) => [name, feature(type)]))
}

const dtypes: Record<Extract<ColumnType, string>, string> = {
  string: 'string',
  binary: 'binary',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  float: 'float32',
  double: 'float64',
  timestamp: 'timestamp[ms, tz=UTC]',
  json: 'string',
}

function feature(type: ColumnType): unknown {
  if (typeof type === 'string') return { dtype: dtypes[type], _type: 'Value' }
  if ('list' in type) return { feature: feature(type.list), _type: 'List' }
  if ('vector' in type) return { feature: feature('float'), length: type.vector, _type: 'List' }
  return fileFeatures(type.struct)
}

/** The same columns as a dataset card's YAML spells them: lists and structs without `_type`. */
export function cardFeatures(schema: Schema): Record<string, unknown>[] {
  return Object.entries(schema).map(([name, type]) => ({ name, ...cardFeature(type) }))
}

function cardFeature(type: ColumnType): Record<string, unknown> {
  if (typeof type === 'string') return { dtype: dtypes[type] }
  if ('struct' in type) return { struct: cardFeatures(type.struct) }
  if ('vector' in type) return { list: 'float32', length: type.vector }
  const item = cardFeature(type.list)
  if ('dtype' in item) return { list: item.dtype }
  return { list: 'struct' in item ? item.struct : item }
}

/** Bytes a value takes in Arrow memory: 4 for the offset of each string and list, validity bits left out. */
export function arrowBytes(type: ColumnType, value: unknown): number {
  if (typeof type === 'string') return scalarBytes(type, value)
  if ('vector' in type) return 4 * type.vector
  if ('struct' in type) {
    const fields = (value ?? {}) as Record<string, unknown>
    return Object.entries(type.struct).reduce((sum, [name, part]) => sum + arrowBytes(part, fields[name]), 0)
  }
  return ((value ?? []) as unknown[]).reduce((sum: number, item) => sum + arrowBytes(type.list, item), 4)
}

function scalarBytes(type: string, value: unknown): number {
  if (type === 'string') return 4 + Buffer.byteLength((value ?? '') as string)
  if (type === 'json') return 4 + Buffer.byteLength(value === null || value === undefined ? '' : JSON.stringify(value))
  if (type === 'binary') return 4 + ((value as Uint8Array | null)?.byteLength ?? 0)
  return type === 'boolean' ? 1 / 8 : type === 'int32' || type === 'float' ? 4 : 8
}
