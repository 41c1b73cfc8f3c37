// Reads files that pyarrow wrote and prints for each one line of JSON: {file, rows} or {file, error}. Integers beyond
// 2^53 are printed as strings, dates as milliseconds, bytes as base64.
import { findShards, readShard } from '../../dist/formats/index.js'

function plain(value) {
  if (typeof value === 'bigint') return `${value}`
  if (value instanceof Date) return value.getTime()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (ArrayBuffer.isView(value)) return Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  return value
}

for (const file of process.argv.slice(2)) {
  try {
    const rows = []
    for await (const batch of readShard((await findShards([file]))[0])) rows.push(...batch.map(plain))
    console.log(JSON.stringify({ file, rows }))
  } catch (error) {
    console.log(JSON.stringify({ file, error: error.message }))
  }
}
