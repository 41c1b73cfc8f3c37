import { byteSize } from '../stream/batch.js'
import { UsageError } from '../stream/errors.js'
import type { Batches } from '../stream/types.js'
import { fitter, inferSchema } from './schema.js'
import type { Columns, Schema } from './types.js'

/** Rows of one row group or record batch turned on their side: for each column of the schema its fitted values. */
export type Group = { schema: Schema; rows: number; columns: unknown[][] }

export type GroupOptions = {
  /** Default: inferred from the first group, which every later row must then fit. */
  schema?: Schema
  /** Most rows in a group. */
  rows: number
  /** A group ends once its values take this many bytes in memory. */
  bytes: number
}

/** Gathers rows into groups for `path`. With a schema of the caller's, columns it does not name are left out. */
export async function* groupRows(
  path: string,
  source: Batches<Columns>,
  { schema, rows: maxRows, bytes: maxBytes }: GroupOptions,
): AsyncGenerator<Group> {
  let settled = schema
  let held: Columns[] = []
  let heldBytes = 0
  let before = 0
  const close = (): Group => {
    settled ??= inferSchema(held)
    if (schema === undefined) refuseNewColumns(path, settled, held, before)
    const group = transpose(path, settled, held, before)
    before += held.length
    held = []
    heldBytes = 0
    return group
  }
  for await (const batch of source) {
    for (const row of batch) {
      held.push(row)
      heldBytes += byteSize(row)
      if (held.length >= maxRows || heldBytes >= maxBytes) yield close()
    }
  }
  if (held.length > 0) yield close()
}

function transpose(path: string, schema: Schema, rows: readonly Columns[], before: number): Group {
  const columns = Object.entries(schema).map(([column, type]) => {
    const fitted = fitter(type)
    const place = { path, column, row: 0 }
    return rows.map((row, index) => {
      place.row = before + index
      return fitted(row[column], place)
    })
  })
  return { schema, rows: rows.length, columns }
}

function refuseNewColumns(path: string, schema: Schema, rows: readonly Columns[], before: number): void {
  for (const [index, row] of rows.entries()) {
    for (const column in row) {
      if (Object.hasOwn(schema, column)) continue
      throw new UsageError(`Cannot write ${path}: row ${before + index} brings a new column \`${column}\``, {
        fix: 'The columns were taken from the first rows. Give the writer a schema that names every column.',
      })
    }
  }
}
