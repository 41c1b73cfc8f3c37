import type { ColumnType, Schema } from '../types.js'
import type { SchemaElement, SchemaTree } from './library.js'

/** The flat, preorder schema that Parquet stores, everything optional, lists in the standard three levels. */
export function parquetElements(schema: Schema): SchemaElement[] {
  const columns = Object.entries(schema)
  return [
    { name: 'schema', num_children: columns.length },
    ...columns.flatMap(([name, type]) => elementsOf(name, type)),
  ]
}

function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  const repetition_type = 'OPTIONAL'
  if (typeof type === 'string') return [{ name, repetition_type, ...scalarElements[type] }]
  if ('struct' in type) {
    const fields = Object.entries(type.struct)
    return [
      { name, repetition_type, num_children: fields.length },
      ...fields.flatMap(([field, fieldType]) => elementsOf(field, fieldType)),
    ]
  }
  return [
    { name, repetition_type, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...elementsOf('element', 'list' in type ? type.list : 'float'),
  ]
}

const scalarElements: Record<Extract<ColumnType, string>, Omit<SchemaElement, 'name'>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  binary: { type: 'BYTE_ARRAY' },
  boolean: { type: 'BOOLEAN' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
}

/** Our type for a stored column, or undefined where a writer of ours has none that holds it (a decimal, a map). */
export function columnType({ element, children }: SchemaTree): ColumnType | undefined {
  if (element.repetition_type === 'REPEATED') return undefined
  if (children.length === 0) return scalarType(element)
  const kind = element.logical_type?.type ?? element.converted_type
  if (kind === 'LIST') {
    const item = listItem(children)
    const type = item && columnType(item)
    return type && { list: type }
  }
  if (kind !== undefined) return undefined
  const fields = children.map((child) => [child.element.name, columnType(child)] as const)
  return fields.every((field): field is [string, ColumnType] => field[1] !== undefined)
    ? { struct: Object.fromEntries(fields) }
    : undefined
}

/** The elements of a list column: under one repeated group with a single child, or the repeated field itself. */
export function listItem(children: readonly SchemaTree[]): SchemaTree | undefined {
  const [repeated] = children
  if (children.length !== 1 || repeated?.element.repetition_type !== 'REPEATED') return undefined
  return repeated.children.length === 1 ? repeated.children[0] : undefined
}

function scalarType({ type, converted_type, logical_type }: SchemaElement): ColumnType | undefined {
  const kind = logical_type?.type ?? converted_type
  if (type === 'BOOLEAN') return 'boolean'
  if (type === 'FLOAT') return 'float'
  if (type === 'DOUBLE') return 'double'
  if (type === 'BYTE_ARRAY') {
    if (kind === 'STRING' || kind === 'UTF8' || kind === 'ENUM') return 'string'
    if (kind === 'JSON') return 'json'
    return kind === undefined ? 'binary' : undefined
  }
  if (type === 'FIXED_LEN_BYTE_ARRAY') return fixedTypes[kind ?? 'none']
  if (type === 'INT96') return 'timestamp'
  if (kind === 'TIMESTAMP' || kind === 'TIMESTAMP_MILLIS' || kind === 'TIMESTAMP_MICROS' || kind === 'DATE') {
    return 'timestamp'
  }
  const unsigned = (logical_type?.type === 'INTEGER' && !logical_type.isSigned) || converted_type?.startsWith('UINT_')
  const whole = kind === undefined || kind === 'INTEGER' || kind.startsWith('INT_') || kind.startsWith('UINT_')
  if (!whole) return undefined
  // An unsigned number may need one size more; 64 unsigned bits fit no type of ours.
  if (type === 'INT32') return unsigned ? 'int64' : 'int32'
  return type === 'INT64' && !unsigned ? 'int64' : undefined
}

const fixedTypes: Record<string, ColumnType | undefined> = { none: 'binary', UUID: 'string', FLOAT16: 'float' }

/** A column's type in Parquet's own words, for columns that {@link columnType} has no word for. */
export function storedName({ element, children }: SchemaTree): string {
  const kind = element.logical_type?.type ?? element.converted_type ?? element.type ?? 'struct'
  return children.length === 0 ? kind.toLowerCase() : `${kind.toLowerCase()}<${children.map(storedName).join(', ')}>`
}
