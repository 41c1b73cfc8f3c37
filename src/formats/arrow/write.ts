import type { Sink } from '../../stream/types.js'
import { type Output, openOutput } from '../files.js'
import { type Group, groupRows } from '../groups.js'
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
  return async (source) => {
    const output = await openOutput(path)
    let rows = 0
    try {
      let file: OpenFile | undefined
      for await (const group of groupRows(path, source, { schema: options.schema, ...batchLimits })) {
        file ??= openWriter(output, path, group.schema, options)
        await file.write(group)
        rows += group.rows
        if (output.closed) break
      }
      file ??= openWriter(output, path, options.schema ?? {}, options)
      await file.finish()
      await output.commit()
    } catch (error) {
      await output.abort()
      throw error
    }
    return { rows, bytes: output.bytes }
  }
}

type OpenFile = { write(group: Group): Promise<void>; finish(): Promise<void> }

function openWriter(output: Output, path: string, schema: Schema, { metadata }: WriteOptions): OpenFile {
  const arrow = arrowSchema(schema, metadata)
  const types = Object.values(schema)
  const isStream = path === '-' || path.endsWith('.arrows')
  const writer = isStream ? new RecordBatchStreamWriter() : new RecordBatchFileWriter()
  let held: Uint8Array[] = []
  // The library's own ways to a Node stream buffer it whole; here each message leaves before the next is made.
  const queue = Object.assign(new AsyncByteQueue(), { write: (bytes: Uint8Array) => held.push(bytes) })
  const flush = async () => {
    const bytes = Buffer.concat(held)
    held = []
    await output.write(bytes)
  }
  writer.reset(queue as unknown as AsyncByteQueue, arrow)
  return {
    async write({ rows, columns }) {
      const children = columns.map((values, index) => buildColumn(types[index]!, arrow.fields[index]!.type, values))
      const data = makeData({ type: new Struct(arrow.fields), length: rows, nullCount: 0, children })
      writer.write(new RecordBatch(arrow, data))
      await flush()
    },
    async finish() {
      writer.finish()
      await flush()
    },
  }
}
