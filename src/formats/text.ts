import { isUtf8 } from 'node:buffer'
import { batch } from '../stream/batch.js'
import { CorruptInputError } from '../stream/errors.js'
import type { Batches } from '../stream/types.js'
import { columnsToRead } from './columns.js'
import { readBlocks } from './files.js'
import { nameWithin } from './listing.js'
import { placeOf } from './places/index.js'
import type { Columns, Format, ReadOptions, Schema } from './types.js'

const schema: Schema = { path: 'string', text: 'string' }
const extensions = ['.md', '.markdown', '.txt']

/** Text and Markdown files, a row a file: its path within the folder (or glob) and its text. A single file is one row. */
export const text: Format = {
  name: 'text',
  extensions,
  streams: true,
  read: (path, options) => batch<Columns>()(readTexts(path, options)),
  async describe(path) {
    const rows = path === '-' ? 1 : (await listTexts(path)).length
    return { rows, columns: Object.keys(schema).map((name) => ({ name, type: 'string' })), schema }
  },
}

async function* readTexts(path: string, options: ReadOptions = {}): Batches<Columns> {
  const { rows, signal } = options
  const columns = columnsToRead(path, options, Object.keys(schema))
  const files = path === '-' ? [{ path: '-', name: '-' }] : await listTexts(path)
  for (const file of files.slice(rows?.start ?? 0, rows?.end)) {
    signal?.throwIfAborted()
    const bytes = await readAll(file.path, signal)
    if (!isUtf8(bytes))
      throw new CorruptInputError(`${file.path}: it is not UTF-8 text`, { fix: 'Convert it to UTF-8.' })
    // A mark at the start of a file tells its encoding and is no part of its text.
    const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    const row: Columns = { path: file.name, text: bytes.toString('utf8', start) }
    yield [Object.fromEntries(columns.map((name) => [name, row[name]]))]
  }
}

async function readAll(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const blocks: Uint8Array[] = []
  for await (const block of readBlocks(path, { signal })) blocks.push(block)
  return Buffer.concat(blocks)
}

async function listTexts(path: string): Promise<{ path: string; name: string }[]> {
  const { root, files } = await (await placeOf(path)).list(path)
  return files
    .filter(
      ({ label }) => extensions.some((extension) => label.toLowerCase().endsWith(extension)) || files.length === 1,
    )
    .map(({ path, label }) => ({ path, name: nameWithin(root, label) }))
}
