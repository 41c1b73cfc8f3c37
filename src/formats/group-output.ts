import { byteSize } from '../stream/batch.js'
import { UsageError } from '../stream/errors.js'
import type { Batches, Sink } from '../stream/types.js'
import { withOutput } from './files.js'
import { inferSchema } from './schema.js'
import type { Columns, Schema, WriteOptions, Written } from './types.js'

/**
 * A file of groups of rows while it is written. A row is laid out as it comes, so that it need not be kept; the bytes of
 * one call are sent before the next is made.
 */
export type GroupFile = {
  /** Takes row number `row` of the file into the open group. Throws a UsageError where it does not fit. */
  add(columns: Columns, row: number): void
  /** Bytes that the open group takes in memory. */
  held(): number
  /** Ends the open group. */
  group(): Uint8Array
  finish(): Uint8Array
}

/** Rows and bytes in memory at which a group ends. */
export type GroupLimits = { rows: number; bytes: number }

/**
 * A sink to `path` that has `open` lay rows out in groups. With a schema of the caller's, columns it does not name are left
 * out; without one it is inferred from about a group of rows. No rows still make a file with the schema.
 */
export function writeGroups(
  path: string,
  options: WriteOptions,
  limits: GroupLimits,
  open: (schema: Schema) => GroupFile | Promise<GroupFile>,
): Sink<Columns, Written> {
  return (source) =>
    withOutput(path, options, async (output) => {
      let file: GroupFile | undefined
      let [rows, inGroup] = [0, 0]
      const send = async (group: Uint8Array) => {
        inGroup = 0
        await output.write(group)
        options.onBytes?.(output.bytes)
      }
      const { schema: given } = options
      reading: for await (const { schema, batch } of withSchema(source, given, limits)) {
        file ??= await open(schema)
        for (const row of batch) {
          if (given === undefined) refuseNewColumns(path, schema, row, rows)
          file.add(row, rows++)
          if (++inGroup < limits.rows && file.held() < limits.bytes) continue
          await send(file.group())
          if (output.closed) break reading
        }
      }
      file ??= await open(given ?? {})
      if (inGroup > 0) await send(file.group())
      await output.write(file.finish())
      return rows
    })
}

/** The rows and their schema. Where it is inferred, the first rows wait until there are enough of them, whatever the batches. */
async function* withSchema(
  source: Batches<Columns>,
  given: Schema | undefined,
  limits: GroupLimits,
): AsyncGenerator<{ schema: Schema; batch: readonly Columns[] }> {
  let schema = given
  let first: Columns[] = []
  let bytes = 0
  for await (const batch of source) {
    let taken = 0
    while (schema === undefined && taken < batch.length) {
      const row = batch[taken++]!
      first.push(row)
      bytes += byteSize(row)
      if (first.length < limits.rows && bytes < limits.bytes) continue
      schema = inferSchema(first)
      yield { schema, batch: first }
      first = []
    }
    if (schema !== undefined && taken < batch.length) yield { schema, batch: taken === 0 ? batch : batch.slice(taken) }
  }
  if (first.length > 0) yield { schema: inferSchema(first), batch: first }
}

function refuseNewColumns(path: string, schema: Schema, columns: Columns, row: number): void {
  for (const column in columns) {
    if (Object.hasOwn(schema, column)) continue
    throw new UsageError(`Cannot write ${path}: row ${row} brings a new column \`${column}\``, {
      fix: 'The columns were taken from the first rows. Give the writer a schema that names every column.',
    })
  }
}
