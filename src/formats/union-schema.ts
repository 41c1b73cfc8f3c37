import { UsageError } from '../stream/errors.js'
import { typeName } from './schema.js'
import type { ColumnType, Schema } from './types.js'

/** `widen` finds a type that holds both of two; `strict` takes only files whose columns and types are the same. */
export type SchemaPolicy = 'widen' | 'strict'

/** A column that one file has otherwise than those before it. */
export type Drift = { column: string; file: string; was: string; is: string }

/** A file's columns; of those in `nulls` it holds no value, so that the type they have in `schema` is a guess. */
type NamedSchema = { name: string; schema: Schema; nulls?: readonly string[] }

/**
 * The columns of several files in the order they first appear. A type that only some have is widened to one that holds
 * all: nulls to any type, int32 to int64, either and float to double, anything and json to json, structs and lists by
 * their parts; a column that a file lacks is null there. Throws a {@link UsageError} that names both files where there is no such type, and
 * under `strict` where anything differs, with a report of all of it.
 */
export function unionSchemas(files: Iterable<NamedSchema>, policy: SchemaPolicy = 'widen'): Schema {
  const all = [...files]
  if (policy === 'strict') refuseDrift(all)
  const union: Record<string, ColumnType> = {}
  const seenIn: Record<string, string> = {}
  const guessed = new Set<string>()
  for (const { name, schema, nulls = [] } of all) {
    for (const [column, type] of Object.entries(schema)) {
      const before = Object.hasOwn(union, column) ? union[column] : undefined
      const isGuess = nulls.includes(column)
      if (before !== undefined && isGuess) continue
      const wide = before === undefined || guessed.delete(column) ? type : widenType(before, type)
      if (wide === undefined) {
        throw new UsageError(
          `Column \`${column}\` is ${typeName(before!)} in ${seenIn[column]}, and ${typeName(type)} in ${name}`,
          { fix: 'Leave one of the two files out, or choose columns that agree with --columns.' },
        )
      }
      if (isGuess) guessed.add(column)
      union[column] = wide
      seenIn[column] ??= name
    }
  }
  return union
}

/** How the files' columns differ from the first file's, in the files' order. */
export function schemaDrift(files: Iterable<NamedSchema>): Drift[] {
  const [first, ...others] = files
  if (first === undefined) return []
  return others.flatMap((other) => {
    const { name } = other
    const columns = new Set([...Object.keys(first.schema), ...Object.keys(other.schema)])
    return [...columns].flatMap((column) => {
      const [was, is] = [told(first, column), told(other, column)]
      return was === is ? [] : [{ column, file: name, was, is }]
    })
  })
}

function told({ schema, nulls }: NamedSchema, column: string): string {
  if (nulls?.includes(column)) return 'null'
  return Object.hasOwn(schema, column) ? typeName(schema[column]!) : 'absent'
}

const shownDrifts = 20

function refuseDrift(files: readonly NamedSchema[]): void {
  const drifts = schemaDrift(files)
  if (drifts.length === 0) return
  const lines = drifts
    .slice(0, shownDrifts)
    .map(({ column, file, was, is }) => `\n  ${file}: \`${column}\` is ${is}, and ${was} in ${files[0]!.name}`)
  const more = drifts.length > shownDrifts ? `\n  … ${drifts.length - shownDrifts} more` : ''
  throw new UsageError(`The shards differ in their columns:${lines.join('')}${more}`, {
    fix: 'Leave the shards that differ out, choose columns that agree with --columns, or say --schema widen.',
  })
}

/** The narrowest type that holds every value of both; undefined where only text would, and that is for people to say. */
export function widenType(a: ColumnType, b: ColumnType): ColumnType | undefined {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a === b) return a
    const both = [a, b].sort().join(' ')
    if (both === 'int32 int64') return 'int64'
    // A float beside a double or an integer, an integer beside a double: doubles hold all that JavaScript's numbers do.
    if (numbers.includes(a) && numbers.includes(b)) return 'double'
    return a === 'json' || b === 'json' ? orNot(a, b) : undefined
  }
  if (typeof a === 'string' || typeof b === 'string') return a === 'json' || b === 'json' ? orNot(a, b) : undefined
  if ('vector' in a && 'vector' in b && a.vector === b.vector) return a
  const [left, right] = [asList(a), asList(b)]
  if (left && right) {
    const item = widenType(left.list, right.list)
    return item && { list: item }
  }
  if (!('struct' in a && 'struct' in b)) return undefined
  const struct: Record<string, ColumnType> = { ...a.struct }
  for (const [name, type] of Object.entries(b.struct)) {
    const wide = Object.hasOwn(struct, name) ? widenType(struct[name]!, type) : type
    if (wide === undefined) return undefined
    struct[name] = wide
  }
  return { struct }
}

const numbers: readonly ColumnType[] = ['int32', 'int64', 'float', 'double']

/** JSON, unless a part of the other is something that JSON cannot say. */
function orNot(a: ColumnType, b: ColumnType): 'json' | undefined {
  return saysJson(a) && saysJson(b) ? 'json' : undefined
}

function saysJson(type: ColumnType): boolean {
  if (typeof type === 'string') return type !== 'binary' && type !== 'timestamp'
  if ('struct' in type) return Object.values(type.struct).every(saysJson)
  return 'list' in type && saysJson(type.list)
}

/** A vector is a list of floats of one length; beside another list it is no more than that. */
function asList(type: ColumnType): { list: ColumnType } | undefined {
  if (typeof type === 'string' || 'struct' in type) return undefined
  return 'list' in type ? type : { list: 'float' }
}
