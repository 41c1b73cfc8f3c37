// The writers in JavaScript that write.mjs compares: `node write_peers.mjs WRITER TABLE ROWS.jsonl OUT.parquet` writes the
// rows ten times over and prints CPU seconds, memory and size.
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { peer } from './peer.mjs'

/** How often the rows are written over. */
export const times = 10

const groupRows = 4096
const turn = { role: 'string', content: 'string' }
const texts = ['text', 'id', 'dump', 'url', 'date', 'file_path', 'language']
const schemas = {
  texts: {
    ...Object.fromEntries(texts.map((name) => [name, 'string'])),
    language_score: 'double',
    token_count: 'int64',
  },
  messages: { messages: { list: { struct: turn } }, source: 'string', score: 'double' },
  vectors: { id: 'string', vector: { vector: 256 } },
}

const writers = {
  sluice: (target, schema, rows) => sluice(target, schema, rows, true),
  'sluice-without-crc': (target, schema, rows) => sluice(target, schema, rows, false),
  'parquet-wasm': parquetWasm,
  duckdb,
  'parquetjs-lite': parquetjs,
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // A reason in one line, whatever was thrown.
  process.on('uncaughtException', (error) => {
    console.error(error?.message ?? error)
    process.exit(1)
  })
  await run(...process.argv.slice(2))
}

async function run(name, table, source, target) {
  // Loaded before the clock runs, as Python's libraries are.
  const write = await writers[name](target, schemas[table], readRows(table, source))
  globalThis.gc()
  const beforeMb = process.memoryUsage.rss() / 2 ** 20
  const before = process.cpuUsage()
  await write()
  const { user, system } = process.cpuUsage(before)
  const peakMb = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ cpu: (user + system) / 1e6, peakMb, beforeMb, bytes: statSync(target).size }))
}

function readRows(table, source) {
  const bytes = readFileSync(source)
  const rows = []
  for (let start = 0, end = bytes.indexOf(10); end !== -1; start = end + 1, end = bytes.indexOf(10, start)) {
    const row = JSON.parse(bytes.utf8Slice(start, end))
    rows.push(table === 'vectors' ? { ...row, vector: Float32Array.from(row.vector) } : row)
  }
  return rows
}

function* batches(rows, size) {
  for (let time = 0; time < times; time++) {
    for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size)
  }
}

async function sluice(target, schema, rows, checksums) {
  const { writeRows } = await import('../dist/formats/index.js')
  return () =>
    writeRows(target, { schema, parquet: { checksums } })(
      (async function* () {
        yield* batches(rows, 1024)
      })(),
    )
}

/** Arrow columns out of rows by apache-arrow, then parquet-wasm's streaming writer; it has no levels of zstd, and takes 1. */
async function parquetWasm(target, schema, rows) {
  const [arrow, wasm] = [await peer('apache-arrow'), await peer('parquet-wasm')]
  const { writeFileSync } = await import('node:fs')
  const float = new arrow.Field('element', new arrow.Float32(), true)
  const types = (type) => {
    if (type === 'string') return new arrow.Utf8()
    if (type === 'double') return new arrow.Float64()
    if (type === 'int64') return new arrow.Int64()
    if (type.vector) return new arrow.FixedSizeList(type.vector, float)
    if (type.list) return new arrow.List(new arrow.Field('element', types(type.list), true))
    return new arrow.Struct(Object.entries(type.struct).map(([name, part]) => new arrow.Field(name, types(part), true)))
  }
  const value = { int64: BigInt }
  const properties = () => new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression.ZSTD).build()
  return async () => {
    const found = batches(rows, groupRows)
    const stream = new ReadableStream({
      pull(controller) {
        const { done, value: batch } = found.next()
        if (done) return controller.close()
        const columns = Object.entries(schema).map(([name, type]) => {
          const make = value[type]
          return [
            name,
            arrow.vectorFromArray(
              batch.map((row) => (make ? make(row[name]) : row[name])),
              types(type),
            ),
          ]
        })
        const bytes = arrow.tableToIPC(new arrow.Table(Object.fromEntries(columns)), 'stream')
        for (const part of wasm.Table.fromIPCStream(bytes).recordBatches()) controller.enqueue(part)
      },
    })
    const parts = []
    for await (const part of await wasm.transformParquetStream(stream, properties())) parts.push(part)
    writeFileSync(target, Buffer.concat(parts))
  }
}

/** A table in memory, filled by the appender, then COPY. */
async function duckdb(target, schema, rows) {
  const { DuckDBInstance, listValue, structValue, arrayValue } = await peer('@duckdb/node-api')
  const sql = (type) => {
    if (type === 'string') return 'VARCHAR'
    if (type === 'double') return 'DOUBLE'
    if (type === 'int64') return 'BIGINT'
    if (type.vector) return `FLOAT[${type.vector}]`
    if (type.list) return `${sql(type.list)}[]`
    return `STRUCT(${Object.entries(type.struct).map(([name, part]) => `${name} ${sql(part)}`)})`
  }
  const value = (type, each) => {
    if (type === 'int64') return BigInt(each)
    if (type.vector) return arrayValue(Array.from(each))
    return type.list ? listValue(each.map((item) => structValue(item))) : each
  }
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const columns = Object.entries(schema)
  await connection.run(`CREATE TABLE t (${columns.map(([name, type]) => `"${name}" ${sql(type)}`)})`)
  return async () => {
    const appender = await connection.createAppender('t')
    for (const batch of batches(rows, groupRows)) {
      for (const row of batch) {
        for (const [index, [name, type]] of columns.entries()) {
          appender.appendValue(value(type, row[name]), appender.columnType?.(index))
        }
        appender.endRow()
      }
    }
    appender.closeSync()
    await connection.run(`COPY t TO '${target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${groupRows})`)
  }
}

/** It has no zstd: snappy, with which it is fastest. */
async function parquetjs(target, schema, rows) {
  const { ParquetSchema, ParquetWriter } = await peer('parquetjs-lite')
  const field = (type) => {
    const named = { string: 'UTF8', double: 'DOUBLE', int64: 'INT64' }[type]
    if (named) return { type: named, compression: 'SNAPPY' }
    if (type.vector) return { type: 'FLOAT', repeated: true, compression: 'SNAPPY' }
    return { repeated: true, fields: fieldsOf(type.list.struct) }
  }
  const fieldsOf = (fields) => Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, field(type)]))
  const writer = await ParquetWriter.openFile(new ParquetSchema(fieldsOf(schema)), target)
  writer.setRowGroupSize(groupRows)
  const hasVectors = rows[0].vector !== undefined
  return async () => {
    for (const batch of batches(rows, groupRows)) {
      for (const row of batch) await writer.appendRow(hasVectors ? { ...row, vector: Array.from(row.vector) } : row)
    }
    await writer.close()
  }
}
