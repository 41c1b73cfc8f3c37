import type { Columns, ColumnType, Schema } from '../types.js'
import { appendByte, appendFill, type Growable, growable } from './growable.js'
import type { SchemaElement } from './library.js'
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
  /** Of a vector each value is a Float32Array and stands for as many entries as it is long. */
  readonly values: unknown[]
  readonly vector?: number
}

/** A column's leaves, and how its values (as `fitter` gives them) come into them. */
export type Shredder = { leaves: Leaf[]; add(value: unknown): void; clear(): void }

/** What one level of nesting does with a value at repetition level `repetition`, or with nothing at `definition`. */
type Visit = { some(value: unknown, repetition: number): void; none(definition: number, repetition: number): void }

/** Makes the shredder of a column. Levels are kept in bytes: 255 lists in one another are the most. */
export function shredder(name: string, type: ColumnType): Shredder {
  const leaves: Leaf[] = []
  const { some, none } = visit(leaves, type, [name], 1, 0)
  return {
    leaves,
    add: (value) => (value === null ? none(0, 0) : some(value, 0)),
    clear() {
      for (const leaf of leaves) {
        leaf.values.length = 0
        leaf.definition.length = 0
        leaf.repetition.length = 0
      }
    },
  }
}

/** `definition` is the level at which a value of this type is there. */
function visit(leaves: Leaf[], type: ColumnType, path: string[], definition: number, repetition: number): Visit {
  if (typeof type === 'string') return visitScalar(leaves, type, path, definition, repetition)
  if ('struct' in type) return visitStruct(leaves, type.struct, path, definition, repetition)
  const inner = [...path, 'list', 'element']
  if ('vector' in type) return visitVector(leaves, type.vector, inner, definition + 2, repetition + 1)
  return visitList(visit(leaves, type.list, inner, definition + 2, repetition + 1), definition, repetition + 1)
}

function addLeaf(leaves: Leaf[], leaf: Omit<Leaf, 'definition' | 'repetition' | 'values'>): Leaf {
  const made = {
    ...leaf,
    definition: growable(4096),
    repetition: growable(leaf.maxRepetition > 0 ? 4096 : 0),
    values: [],
  }
  leaves.push(made)
  return made
}

function visitScalar(leaves: Leaf[], type: ColumnType, path: string[], max: number, maxRepetition: number): Visit {
  const element = parquetElements({ element: type })[1]!
  const { values, definition, repetition } = addLeaf(leaves, { element, path, maxDefinition: max, maxRepetition })
  const enter = (level: number, repeated: number) => {
    appendByte(definition, level)
    if (maxRepetition > 0) appendByte(repetition, repeated)
  }
  return {
    some(value, repeated) {
      enter(max, repeated)
      values.push(value)
    },
    none: enter,
  }
}

function visitVector(leaves: Leaf[], length: number, path: string[], max: number, maxRepetition: number): Visit {
  const element = parquetElements({ element: 'float' })[1]!
  const leaf = addLeaf(leaves, { element, path, maxDefinition: max, maxRepetition, vector: length })
  const { values, definition, repetition } = leaf
  const none = (level: number, repeated: number) => {
    appendByte(definition, level)
    appendByte(repetition, repeated)
  }
  return {
    some(value, repeated) {
      // One without elements is there and empty, a level below those of its elements.
      if (length === 0) return none(max - 2, repeated)
      appendFill(definition, max, length)
      appendByte(repetition, repeated)
      appendFill(repetition, maxRepetition, length - 1)
      values.push(value)
    },
    none,
  }
}

function visitStruct(leaves: Leaf[], struct: Schema, path: string[], definition: number, repetition: number): Visit {
  const fields = Object.entries(struct).map(([name, type]) => {
    return [name, visit(leaves, type, [...path, name], definition + 1, repetition)] as const
  })
  return {
    some(value, repeated) {
      for (const [name, field] of fields) {
        const part = (value as Columns)[name]
        if (part === null) field.none(definition, repeated)
        else field.some(part, repeated)
      }
    },
    none(level, repeated) {
      for (const [, field] of fields) field.none(level, repeated)
    },
  }
}

function visitList(item: Visit, definition: number, repetition: number): Visit {
  return {
    some(value, repeated) {
      const items = value as unknown[]
      if (items.length === 0) item.none(definition, repeated)
      for (let i = 0; i < items.length; i++) {
        const level = i === 0 ? repeated : repetition
        if (items[i] === null) item.none(definition + 1, level)
        else item.some(items[i], level)
      }
    },
    none: item.none,
  }
}
