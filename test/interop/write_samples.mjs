// Writes one sample of every type that sluice writes, in every binary format, beside a JSON Lines twin that says in
// plain JSON what each cell is. `node test/interop/write_samples.mjs FOLDER` after `npm run build:ts`.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messages, writeRows } from '../../dist/formats/index.js'

const folder = process.argv[2]
if (!folder) throw new Error('Expected a folder to write to')

const texts = [
  '\uFEFFmark',
  '',
  'naïve café',
  '漢字かな',
  '🙂🙃',
  'line\nbreak\ttab "quoted" \\',
  'x'.repeat(5000),
  '\u0000',
]
const cells = {
  string: texts,
  binary: texts.map((text) => new TextEncoder().encode(text)),
  boolean: [true, false, true],
  int32: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
  int64: [0, -1, 2 ** 53 - 1, -(2n ** 63n), 2n ** 63n - 1n],
  float: [0, 0.5, -(2 ** 100), 1 / 3],
  double: [0, 0.1, -1e300, 5e-324, 1 / 3],
  timestamp: [new Date(0), new Date(-1), new Date(Date.UTC(2024, 1, 29, 12, 30, 15, 123))],
}
const columns = {
  ...Object.fromEntries(Object.entries(cells).map(([type, values]) => [type, { type, values }])),
  messages: {
    type: messages,
    values: [
      [
        { role: 'user', content: 'Hello?' },
        { role: 'assistant', content: 'Hi.' },
      ],
      [],
      [{ role: 'system', content: null }],
    ],
  },
  list: { type: { list: 'int64' }, values: [[1, null, 3], [], [2n ** 60n]] },
  struct: {
    type: { struct: { a: 'string', b: 'double' } },
    values: [
      { a: 'x', b: 1.5 },
      { a: null, b: null },
    ],
  },
  deep: {
    type: { list: { struct: { tags: { list: 'string' }, at: { struct: { x: 'int32' } } } } },
    values: [
      [
        { tags: ['a', null], at: { x: 1 } },
        { tags: [], at: null },
      ],
      [],
      [null],
    ],
  },
  vector: {
    type: { vector: 4 },
    values: [
      [1, 2, 3, 4],
      [0.5, -0.5, 1 / 3, 0],
    ],
  },
}
// The JSON type and a vector within a list are kept apart, because not every reader has them.
const special = {
  json: { type: 'json', values: [{ a: [1, null, 'x'] }, 'text', 7, true, []] },
  vectors: {
    type: { list: { vector: 2 } },
    values: [
      [
        [1, 2],
        [3, 4],
      ],
      [],
    ],
  },
}

/** Row `i` takes each column's values in turn, with a null at every seventh place, in a different row for each column. */
function rowsOf(set, count) {
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      Object.entries(set).map(([name, { values }], c) => [name, (i + c) % 7 === 6 ? null : values[i % values.length]]),
    ),
  )
}

function twin(value, type) {
  if (value === null) return null
  if (typeof value === 'bigint') return `${value}`
  if (type === 'int64') return `${value}`
  if (value instanceof Date) return value.getTime()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (type === 'json') return JSON.stringify(value)
  if (type === 'float') return Math.fround(value)
  if (type?.vector) return Array.from(Float32Array.from(value))
  if (type?.list) return value.map((each) => twin(each, type.list))
  if (type?.struct)
    return Object.fromEntries(Object.entries(type.struct).map(([k, t]) => [k, twin(value[k] ?? null, t)]))
  return value
}

async function* inBatches(rows) {
  for (let i = 0; i < rows.length; i += 700) yield rows.slice(i, i + 700)
}

/** The same rows in the other ways that Parquet is written. */
async function writeVariants(schema, rows) {
  const variants = {
    snappy: { codec: 'snappy', dictionary: 'off' },
    gzip: { codec: 'gzip', dictionary: 'on', statistics: false },
    brotli: { codec: 'brotli', pageIndex: false },
    lz4: { codec: 'lz4_raw' },
    none: { codec: 'none', checksums: false },
    pages: { pageBytes: 1024, rowGroupBytes: 50_000, dictionary: 'on' },
  }
  for (const [name, parquet] of Object.entries(variants)) {
    await writeRows(join(folder, `variant-${name}.parquet`), { schema, parquet })(inBatches(rows))
  }
}

await mkdir(folder, { recursive: true })
const samples = {
  all: [columns, 3000],
  empty: [columns, 0],
  special: [special, 50],
  one: [{ text: columns.string }, 1],
}
for (const [name, [set, count]] of Object.entries(samples)) {
  const schema = Object.fromEntries(Object.entries(set).map(([column, { type }]) => [column, type]))
  const rows = rowsOf(set, count)
  const twins = rows.map((row) => Object.fromEntries(Object.entries(schema).map(([c, t]) => [c, twin(row[c], t)])))
  await writeFile(join(folder, `${name}.twin.jsonl`), twins.map((row) => `${JSON.stringify(row)}\n`).join(''))
  await writeFile(join(folder, `${name}.schema.json`), JSON.stringify(schema))
  for (const ending of ['parquet', 'arrow', 'arrows']) {
    await writeRows(join(folder, `${name}.${ending}`), { schema, metadata: { note: 'a test' } })(inBatches(rows))
  }
  if (name === 'all') await writeVariants(schema, rows)
  await writeRows(join(folder, `${name}.jsonl.gz`), { schema })(inBatches(rows))
}
