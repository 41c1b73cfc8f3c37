import { appendByte, appendFill, type Growable, growable } from '../../stream/growable.js'
import { cellReader } from '../cell.js'
import { fitVector, isList, isStructOf, misfit, type Place, scalars } from '../fit.js'
import type { ColumnType, Schema } from '../types.js'
import { addValue, clearValues, type DictionaryChoice, type LeafValues, leafValues } from './leaf-values.js'
import type { SchemaElement } from './library.js'
import { plainEncoding } from './plain.js'
import { parquetElements } from './schema.js'

/**
 * One leaf of a column and a row group's worth of its values. Each entry has a definition and a repetition level (Melnik
 * et al., Dremel, 2010, section 4); those defined to the last have a value as well.
 */
export type Leaf = {
  readonly element: SchemaElement
  readonly path: readonly string[]
  readonly maxDefinition: number
  readonly maxRepetition: number
  readonly definition: Growable
  readonly repetition: Growable
  /** Of a vector each value stands for as many entries as it is long. */
  readonly values: LeafValues
  readonly vector?: number
}

/** A column's leaves, and how its values come into them: they throw a UsageError where they do not fit. */
export type Shredder = { leaves: Leaf[]; add(value: unknown): void; clear(): void }

/** What one level of nesting does with a value at repetition level `repetition`, or with nothing at `definition`. */
type Visit = { some(value: unknown, repetition: number): void; none(definition: number, repetition: number): void }

/** What columns of a file share: how they choose dictionaries, and bytes of values and levels, which they add to. */
export type Held = { readonly dictionary: DictionaryChoice; bytes: number }

/** What all levels of a column share: its leaves, and where the value that is added stands. */
type Column = { leaves: Leaf[]; place: Place; held: Held }

/** Makes the shredder of a column. Levels are kept in bytes: 255 lists in one another are the most. */
export function shredder(type: ColumnType, place: Place, held: Held): Shredder {
  const leaves: Leaf[] = []
  const { some, none } = visit({ leaves, place, held }, type, [place.column], 1, 0)
  return {
    leaves,
    add: (value) => (value === null || value === undefined ? none(0, 0) : some(value, 0)),
    clear() {
      for (const { values, definition, repetition } of leaves) {
        clearValues(values)
        definition.length = 0
        repetition.length = 0
      }
    },
  }
}

/** `definition` is the level at which a value of this type is there. */
function visit(column: Column, type: ColumnType, path: string[], definition: number, repetition: number): Visit {
  if (typeof type === 'string') return visitScalar(column, type, path, definition, repetition)
  if ('struct' in type) return visitStruct(column, type, path, definition, repetition)
  const inner = [...path, 'list', 'element']
  if ('vector' in type) return visitVector(column, type, inner, definition + 2, repetition + 1)
  return visitList(
    visit(column, type.list, inner, definition + 2, repetition + 1),
    { type, place: column.place },
    definition,
    repetition + 1,
  )
}

function addLeaf({ leaves, held }: Column, leaf: Omit<Leaf, 'definition' | 'repetition' | 'values'>): Leaf {
  // Looking for repeats among floats of vectors costs much and finds nothing; booleans are bits anyway.
  const choice = leaf.vector !== undefined || leaf.element.type === 'BOOLEAN' ? 'off' : held.dictionary
  const made = {
    ...leaf,
    definition: growable(256),
    repetition: growable(leaf.maxRepetition > 0 ? 256 : 0),
    values: leafValues(plainEncoding(leaf.element, leaf.vector !== undefined), choice),
  }
  leaves.push(made)
  return made
}

function visitScalar(
  column: Column,
  type: Extract<ColumnType, string>,
  path: string[],
  max: number,
  maxRepetition: number,
): Visit {
  const element = parquetElements({ element: type })[1]!
  const { values, definition, repetition } = addLeaf(column, { element, path, maxDefinition: max, maxRepetition })
  const check = scalars[type]
  const { held } = column
  const levelBytes = maxRepetition > 0 ? 2 : 1
  const enter = (level: number, repeated: number) => {
    held.bytes += levelBytes
    appendByte(definition, level)
    if (maxRepetition > 0) appendByte(repetition, repeated)
  }
  return {
    some(value, repeated) {
      const fitted = check(value)
      if (fitted === undefined) throw misfit(type, value, column.place)
      enter(max, repeated)
      held.bytes += addValue(values, fitted)
    },
    none: enter,
  }
}

function visitVector(
  column: Column,
  type: { vector: number },
  path: string[],
  max: number,
  maxRepetition: number,
): Visit {
  const { vector: length } = type
  const element = parquetElements({ element: 'float' })[1]!
  const leaf = addLeaf(column, { element, path, maxDefinition: max, maxRepetition, vector: length })
  const { values, definition, repetition } = leaf
  const { held } = column
  const none = (level: number, repeated: number) => {
    held.bytes += 2
    appendByte(definition, level)
    appendByte(repetition, repeated)
  }
  return {
    some(value, repeated) {
      const fitted = fitVector(value, length)
      if (fitted === undefined) throw misfit(type, value, column.place)
      // One without elements is there and empty, a level below those of its elements.
      if (length === 0) return none(max - 2, repeated)
      appendFill(definition, max, length)
      appendByte(repetition, repeated)
      appendFill(repetition, maxRepetition, length - 1)
      held.bytes += 2 * length + addValue(values, fitted)
    },
    none,
  }
}

function visitStruct(
  column: Column,
  type: { struct: Schema },
  path: string[],
  definition: number,
  repetition: number,
): Visit {
  const fields = Object.entries(type.struct).map(([name, field]) => {
    return { read: cellReader(name), field: visit(column, field, [...path, name], definition + 1, repetition) }
  })
  return {
    some(value, repeated) {
      if (!isStructOf(type.struct, value)) throw misfit(type, value, column.place)
      for (const { read, field } of fields) {
        const part = read(value)
        if (part === null || part === undefined) field.none(definition, repeated)
        else field.some(part, repeated)
      }
    },
    none(level, repeated) {
      for (const { field } of fields) field.none(level, repeated)
    },
  }
}

function visitList(
  item: Visit,
  { type, place }: { type: ColumnType; place: Place },
  definition: number,
  repetition: number,
): Visit {
  return {
    some(value, repeated) {
      if (!isList(value)) throw misfit(type, value, place)
      if (value.length === 0) item.none(definition, repeated)
      for (let i = 0; i < value.length; i++) {
        const level = i === 0 ? repeated : repetition
        const each = value[i]
        if (each === null || each === undefined) item.none(definition + 1, level)
        else item.some(each, level)
      }
    },
    none: item.none,
  }
}
