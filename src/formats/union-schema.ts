import { UsageError } from '../stream/errors.js'
import type { ColumnType, Schema } from './types.js'

/**
 * The columns of several files in the order they first appear. A column must have one type throughout; two are a
 * {@link UsageError} that names both files.
 */
export function unionSchemas(files: Iterable<{ name: string; schema: Schema }>): Schema {
  const union: Record<string, ColumnType> = {}
  const seenIn: Record<string, string> = {}
  for (const { name, schema } of files) {
    for (const [column, type] of Object.entries(schema)) {
      const before = union[column]
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(type)) {
        throw new UsageError(
          `Column \`${column}\` is ${show(before)} in ${seenIn[column]}, and ${show(type)} in ${name}`,
          {
            fix: 'Leave one of the two files out, or choose columns that agree with --columns.',
          },
        )
      }
      union[column] = type
      seenIn[column] ??= name
    }
  }
  return union
}

function show(type: ColumnType): string {
  return typeof type === 'string' ? type : JSON.stringify(type)
}
