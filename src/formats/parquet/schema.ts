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
export function columnType(node: SchemaTree): ColumnType | undefined {
  return node.element.repetition_type === 'REPEATED' ? undefined : typeOfOne(node)
}

/** The same for what a column holds, however often it does. */
function typeOfOne(node: SchemaTree): ColumnType | undefined {
  const { element, children } = node
  if (children.length === 0) return scalarType(element)
  const kind = kindOf(element)
  if (kind === 'LIST') {
    const item = elementOf(node)
    const type = item && (item === children[0] ? typeOfOne(item) : columnType(item))
    return type && { list: type }
  }
  if (kind !== undefined) return undefined
  const fields = children.map((child) => [child.element.name, columnType(child)] as const)
  return fields.every((field): field is [string, ColumnType] => field[1] !== undefined)
    ? { struct: Object.fromEntries(fields) }
    : undefined
}

/** What an element is annotated as, by its newer annotation where it has both. */
export function kindOf({ logical_type, converted_type }: SchemaElement): string | undefined {
  return logical_type?.type ?? converted_type
}

/**
 * What a node annotated as a list holds, or undefined where it is none: the single child of its repeated group, or where old
 * writers left that level out, its repeated field. Source: Parquet format, LogicalTypes, Lists, backward compatibility.
 */
export function elementOf(node: SchemaTree): SchemaTree | undefined {
  const [repeated] = node.children
  if (kindOf(node.element) !== 'LIST' || node.children.length !== 1) return undefined
  if (repeated?.element.repetition_type !== 'REPEATED') return undefined
  const { name } = repeated.element
  const isElement = repeated.children.length !== 1 || name === 'array' || name === `${node.element.name}_tuple`
  return isElement ? repeated : repeated.children[0]
}

/** The repeated group of a map's keys and values, or undefined where a node is none. */
export function entriesOf(node: SchemaTree): SchemaTree | undefined {
  const [repeated] = node.children
  const kind = kindOf(node.element)
  if ((kind !== 'MAP' && kind !== 'MAP_KEY_VALUE') || node.children.length !== 1) return undefined
  const { children, element } = repeated!
  return element.repetition_type === 'REPEATED' && (children.length === 1 || children.length === 2)
    ? repeated
    : undefined
}

function scalarType(element: SchemaElement): ColumnType | undefined {
  const { type, converted_type, logical_type } = element
  const kind = kindOf(element)
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
  const kind = kindOf(element) ?? element.type ?? 'struct'
  return children.length === 0 ? kind.toLowerCase() : `${kind.toLowerCase()}<${children.map(storedName).join(', ')}>`
}
