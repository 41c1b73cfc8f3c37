import type { Sink } from '../stream/types.js'
import { withOutput } from './files.js'
import { type Group, groupRows } from './groups.js'
import type { Columns, Schema, WriteOptions, Written } from './types.js'

/** A file of groups of rows while it is written; the bytes of one call are sent before the next is made. */
export type GroupFile = { group(group: Group): Uint8Array; finish(): Uint8Array }

/** Rows and bytes in memory at which a group ends. */
export type GroupLimits = { rows: number; bytes: number }

/** A sink to `path` that gathers rows into groups and has `open` lay them out. No rows still make a file with the schema. */
export function writeGroups(
  path: string,
  options: WriteOptions,
  limits: GroupLimits,
  open: (schema: Schema) => GroupFile | Promise<GroupFile>,
): Sink<Columns, Written> {
  return (source) =>
    withOutput(path, async (output) => {
      let file: GroupFile | undefined
      let rows = 0
      for await (const group of groupRows(path, source, { schema: options.schema, ...limits })) {
        file ??= await open(group.schema)
        await output.write(file.group(group))
        options.onBytes?.(output.bytes)
        rows += group.rows
        if (output.closed) break
      }
      file ??= await open(options.schema ?? {})
      await output.write(file.finish())
      return rows
    })
}
