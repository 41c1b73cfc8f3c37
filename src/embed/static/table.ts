import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CorruptInputError } from '../../stream/errors.js'

/** The bundled table: `pieces[i]` has log-probability `logProbabilities[i]` and vector `rows[i] × scales[i]`. */
export type StaticTable = {
  readonly dimensions: number
  readonly pieces: readonly string[]
  readonly logProbabilities: Float64Array
  /** Pieces × dimensions, row-major. */
  readonly rows: Int8Array
  readonly scales: Float32Array
}

const pieceCount = 32_581
const dimensions = 128
// The same digests as in SHA256SUMS, which is there for people and their tools; a test keeps the two equal.
const files = {
  pieces: {
    name: 'use_enzh_32k.pieces.json',
    bytes: 717_381,
    sha256: 'f133ee3ac6d90c0e9bee259f5cce5d6644731e3ca0c1b450975752ba0c5a19f2',
  },
  rows: {
    name: 'use_enzh_32k_128.i8',
    bytes: pieceCount * dimensions,
    sha256: '0a828f23296f33c2e7bec8aeb5050a7550ccd32133994d39d96e69296ac930bf',
  },
  scales: {
    name: 'use_enzh_32k_128.scale.f32',
    bytes: pieceCount * 4,
    sha256: '854c3e19a4ddcf4691e2132e469554b4bda97e0f1342dfde1bc786fd7e320111',
  },
} as const

/** Names the frozen table: its file name and the start of its three digests. */
export const staticTableId = `use_enzh_32k_128@${Object.values(files)
  .map((file) => file.sha256.slice(0, 6))
  .join('')}`

/**
 * Reads the three files of the table, about 5 MB. Throws a CorruptInputError where one is missing or is not as long as
 * it must be, and, with `verify`, where its sha256 is not the one it was published with.
 */
export async function loadStaticTable({ verify = false }: { verify?: boolean } = {}): Promise<StaticTable> {
  const [json, rows, scales] = await Promise.all([
    readTableFile(files.pieces, verify),
    readTableFile(files.rows, verify),
    readTableFile(files.scales, verify),
  ])
  const entries = JSON.parse(json.toString('utf8')) as [string, number][]
  const view = new DataView(scales.buffer, scales.byteOffset, scales.byteLength)
  return {
    dimensions,
    pieces: entries.map(([piece]) => piece),
    logProbabilities: Float64Array.from(entries, ([, logProbability]) => logProbability),
    rows: new Int8Array(rows.buffer, rows.byteOffset, rows.byteLength),
    scales: Float32Array.from({ length: pieceCount }, (_, row) => view.getFloat32(row * 4, true)),
  }
}

/** The table as float32, with one more row of zeros for characters in no piece. */
export function floatRows({ dimensions, rows, scales }: StaticTable): Float32Array {
  const out = new Float32Array(rows.length + dimensions)
  for (let i = 0; i < rows.length; i++) out[i] = rows[i]! * scales[Math.floor(i / dimensions)]!
  return out
}

async function readTableFile(file: (typeof files)[keyof typeof files], verify: boolean): Promise<Buffer> {
  // From src/embed/static and from dist/embed/static alike this is the one copy that the package carries.
  const path = fileURLToPath(new URL(`../../../src/embed/static/${file.name}`, import.meta.url))
  const fix = 'Install the package again: a file that came with it is missing or damaged.'
  const bytes = await readFile(path).catch((cause) => {
    throw new CorruptInputError(`Cannot read the bundled embedding table ${path}: ${cause.message}`, { cause, fix })
  })
  if (bytes.length !== file.bytes) {
    throw new CorruptInputError(`Expected ${path} to have ${file.bytes} bytes, got ${bytes.length}`, { fix })
  }
  if (verify) {
    const digest = createHash('sha256').update(bytes).digest('hex')
    if (digest !== file.sha256) {
      throw new CorruptInputError(`Expected ${path} to have sha256 ${file.sha256}, got ${digest}`, { fix })
    }
  }
  return bytes
}
