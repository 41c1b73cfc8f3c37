// The readers in JavaScript that read.mjs compares: `node read_peers.mjs READER CASE FILE` reads the file three times and
// prints the CPU seconds of the best reading, the peak memory of the first and the number of rows as a line of JSON.
import { openAsBlob } from 'node:fs'
import { peer } from './peer.mjs'

// A reason in one line, whatever was thrown.
process.on('uncaughtException', (error) => {
  console.error(error?.message ?? error)
  process.exit(1)
})

const readers = { 'parquet-wasm': parquetWasm, duckdb, 'parquetjs-lite': parquetjs }

const [name, wanted, path] = process.argv.slice(2)
// Loaded before the clock runs, as Python's libraries are.
const read = await readers[name](path, wanted === 'rows' ? undefined : ['text'])
let [cpu, mb, said] = [Number.POSITIVE_INFINITY]
for (let time = 0; time < 3; time++) {
  const before = process.cpuUsage()
  said = await read()
  const { user, system } = process.cpuUsage(before)
  cpu = Math.min(cpu, (user + system) / 1e6)
  mb ??= process.resourceUsage().maxRSS / 1024
}
console.log(JSON.stringify({ cpu, mb, said }))

/** A row group at a time, by way of Arrow's stream format, as the package's README has it. */
async function parquetWasm(path, columns) {
  const [{ ParquetFile }, { tableFromIPC }] = [await peer('parquet-wasm'), await peer('apache-arrow')]
  return async () => {
    const file = await ParquetFile.fromFile(await openAsBlob(path))
    let rows = 0
    for (let group = 0; group < file.metadata().numRowGroups(); group++) {
      const table = tableFromIPC((await file.read({ rowGroups: [group], columns })).intoIPCStream())
      const text = table.getChild('text')
      if (columns) for (let row = 0; row < table.numRows; row++) rows += typeof text.get(row) === 'string' ? 1 : 0
      else rows += table.toArray().filter((row) => row.toJSON()).length
    }
    return rows
  }
}

/** A stream of chunks on one thread. */
async function duckdb(path, columns) {
  const { DuckDBInstance } = await peer('@duckdb/node-api')
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  return async () => {
    const result = await connection.stream(`SELECT ${columns ?? '*'} FROM '${path}'`)
    const names = result.deduplicatedColumnNames()
    let rows = 0
    for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
      rows += (columns ? chunk.getColumnValues(0) : chunk.getRowObjects(names)).length
    }
    return rows
  }
}

async function parquetjs(path, columns) {
  const { ParquetReader } = await peer('parquetjs-lite')
  return async () => {
    const reader = await ParquetReader.openFile(path)
    const cursor = reader.getCursor(columns?.map((name) => [name]))
    let rows = 0
    while (await cursor.next()) rows++
    await reader.close()
    return rows
  }
}
