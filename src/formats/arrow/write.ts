import { byteSize } from '../../stream/batch.js'
import type { Sink } from '../../stream/types.js'
import { cellReader } from '../cell.js'
import { fitter } from '../fit.js'
import { type GroupFile, writeGroups } from '../group-output.js'
import type { Columns, Schema, WriteOptions, Written } from '../types.js'
import { buildColumn } from './columns.js'
import {
  AsyncByteQueue,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Struct,
} from './library.js'
import { arrowSchema } from './schema.js'

/** Rows and bytes in memory at which a record batch ends: small enough that a training loop on a pipe gets rows early. */
const batchLimits = { rows: 1024, bytes: 8 << 20 }

/** A sink that writes Arrow IPC, uncompressed: the stream format to `-` and `.arrows`, the file format else. */
export function writeArrow(path: string, options: WriteOptions = {}): Sink<Columns, Written> {
  const isStream = path === '-' || path.endsWith('.arrows')
  return writeGroups(path, options, batchLimits, (schema) =>
    arrowFile(path, schema, { isStream, metadata: options.metadata }),
  )
}

function arrowFile(
  path: string,
  schema: Schema,
  { isStream, metadata }: Pick<WriteOptions, 'metadata'> & { isStream: boolean },
): GroupFile {
  const arrow = arrowSchema(schema, metadata)
  const columns = Object.entries(schema).map(([column, type]) => ({
    type,
    place: { path, column, row: 0 },
    read: cellReader(column),
    check: fitter(type),
    values: [] as unknown[],
  }))
  let [rows, heldBytes] = [0, 0]
  const writer = isStream ? new RecordBatchStreamWriter() : new RecordBatchFileWriter()
  let held: Uint8Array[] = []
  // The library's own ways to a Node stream buffer it whole; here each message leaves before the next is made.
  const queue = Object.assign(new AsyncByteQueue(), { write: (bytes: Uint8Array) => held.push(bytes) })
  const handOver = () => {
    const bytes = Buffer.concat(held)
    held = []
    return bytes
  }
  writer.reset(queue as unknown as AsyncByteQueue, arrow)
  return {
    add(row, number) {
      for (const { place, read, check, values } of columns) {
        place.row = number
        const fitted = check(read(row), place)
        values.push(fitted)
        heldBytes += 8 + byteSize(fitted)
      }
      rows++
    },
    held: () => heldBytes,
    group() {
      const children = columns.map(({ type, values }, n) => buildColumn(type, arrow.fields[n]!.type, values))
      const data = makeData({ type: new Struct(arrow.fields), length: rows, nullCount: 0, children })
      for (const column of columns) column.values = []
      rows = heldBytes = 0
      writer.write(new RecordBatch(arrow, data))
      return handOver()
    },
    finish() {
      writer.finish()
      return handOver()
    },
  }
}
