import { batch } from '../../stream/batch.js'
import type { Batches } from '../../stream/types.js'
import { loadCodecs } from '../codecs.js'
import { checkColumns } from '../columns.js'
import { openFile } from '../files.js'
import { defaultLimits } from '../limits.js'
import { typeName } from '../schema.js'
import type { Columns, DescribeOptions, Description, ReadOptions, RowRange, Schema } from '../types.js'
import { createBuffers } from './buffers.js'
import { type Footer, readFooter } from './footer.js'
import { type OpenFile, openGroup } from './group.js'
import { type GroupWatch, groupWatch } from './group-watch.js'
import { leavesOf } from './leaves.js'
import { storedName } from './schema.js'

/**
 * Reads a Parquet file page by page, decoding only the columns and rows asked for. Throws a CorruptInputError naming file,
 * row group, column and page for whatever does not decode or exceeds a limit.
 */
export async function* readParquet(path: string, options: ReadOptions = {}): Batches<Columns> {
  const { columns, rows, signal } = options
  const limits = { ...defaultLimits, ...options.limits }
  const opened = await openFile(path, signal)
  const watch = groupWatch(opened, limits)
  const { source } = watch
  try {
    const footer = await readFooter(path, source, limits)
    const present = footer.tree.children.map((child) => child.element.name)
    checkColumns(path, columns, present)
    const names = [...new Set(columns ?? present)]
    const leaves = leavesOf(footer, limits)
    const file = { path, source, limits, codecs: await loadCodecs(), leaves, footer, buffers: createBuffers() }
    const groups = readGroups(file, names, { rows, signal, watch })
    yield* hasTinyGroups(footer) ? batch<Columns>()(groups) : groups
  } finally {
    await source.close()
  }
}

/** Row groups so small that each alone would make a poor batch. */
function hasTinyGroups({ metadata: { row_groups: groups } }: Footer): boolean {
  return groups.length > 1 && groups.every(({ num_rows }) => num_rows < 128n)
}

async function* readGroups(
  file: OpenFile,
  names: readonly string[],
  { rows, signal, watch }: { rows: RowRange | undefined; signal: AbortSignal | undefined; watch: GroupWatch },
): Batches<Columns> {
  let groupStart = 0
  for (const [index, group] of file.footer.metadata.row_groups.entries()) {
    signal?.throwIfAborted()
    const groupEnd = groupStart + Number(group.num_rows)
    const start = Math.max(groupStart, rows?.start ?? 0)
    const end = Math.min(groupEnd, rows?.end ?? groupEnd)
    if (start < end) {
      const range = { start: start - groupStart, end: end - groupStart }
      const batches = openGroup(file, index, names, range)
      for await (const batch of watch.during(`${file.path}: row group ${index}`, batches)) {
        yield batch
        signal?.throwIfAborted()
      }
    }
    groupStart = groupEnd
  }
}

/** What the footer tells; no page is read. */
export async function describeParquet(path: string, { limits, signal }: DescribeOptions = {}): Promise<Description> {
  const source = await openFile(path, signal)
  try {
    const { metadata, tree, types } = await readFooter(path, source, { ...defaultLimits, ...limits })
    const whole = Object.values(types).every((type) => type !== undefined)
    return {
      rows: metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0),
      columns: tree.children.map((child) => {
        const type = types[child.element.name]
        return { name: child.element.name, type: type === undefined ? storedName(child) : typeName(type) }
      }),
      ...(whole && { schema: types as Schema }),
      rowGroups: metadata.row_groups.map((group) => {
        const chunks = group.columns.map((chunk) => chunk.meta_data!)
        return {
          rows: Number(group.num_rows),
          bytes: chunks.reduce((sum, chunk) => sum + Number(chunk.total_compressed_size), 0),
          codecs: [...new Set(chunks.map((chunk) => chunk.codec))],
        }
      }),
    }
  } finally {
    await source.close()
  }
}
