import { batch } from '../../stream/batch.js'
import { UsageError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'
import { createBuffers } from '../buffers.js'
import { loadCodecs } from '../codecs.js'
import { checkColumns, columnsToRead } from '../columns.js'
import { openFile } from '../files.js'
import { defaultLimits } from '../limits.js'
import { runsOf, runsWithin } from '../row-runs.js'
import { typeName } from '../schema.js'
import type {
  Columns,
  DescribeOptions,
  Description,
  ReadOptions,
  RowRange,
  Schema,
  ShardReadOptions,
} from '../types.js'
import { type Footer, readFooter } from './footer.js'
import { type OpenFile, openGroup, openGroupTexts } from './group.js'
import { type GroupWatch, groupWatch } from './group-watch.js'
import { leavesOf } from './leaves.js'
import type { StoredChunk } from './row-groups.js'
import { storedName } from './schema.js'
import type { TextBatch } from './texts.js'

/**
 * Reads a Parquet file page by page, decoding only the columns and rows asked for. Throws a CorruptInputError naming file,
 * row group, column and page for whatever does not decode or exceeds a limit.
 */
export async function* readParquet(path: string, options: ShardReadOptions = {}): Batches<Columns> {
  const open = await openParquet(path, options)
  const { file } = open
  try {
    const names = [...new Set(columnsToRead(path, options, columnNames(file)))]
    const groups = eachGroup(open, options, (index, runs) => openGroup(file, index, names, runs))
    yield* hasTinyGroups(file.footer) ? batch<Columns>()(groups) : groups
  } finally {
    // Rows hold none of it, as a batch of texts does beyond its end.
    for (const decoder of file.pages.values()) file.codecs.ZSTD.pages?.takeBack(decoder)
    await file.source.close()
  }
}

/**
 * Reads a column of texts as UTF-8, of which no string is made; a batch is good until the next is asked for. Throws a
 * UsageError where the column is none of texts alone, and a CorruptInputError as {@link readParquet} does.
 */
export async function* readParquetTexts(
  path: string,
  column: string,
  options: ReadOptions = {},
): AsyncGenerator<TextBatch> {
  const open = await openParquet(path, options)
  const { file } = open
  try {
    checkColumns(path, [column], columnNames(file))
    const leaf = file.leaves.find((each) => each.column === column)
    if (file.footer.types[column] !== 'string' || leaf?.element.type !== 'BYTE_ARRAY') {
      throw new UsageError(`${path}: column \`${column}\` is not one of texts`, {
        fix: 'Choose a column of strings; `sluice stats` lists the columns and their types.',
      })
    }
    yield* eachGroup(open, options, (index, runs) => openGroupTexts(file, index, column, runs))
  } finally {
    await file.source.close()
  }
}

type Open = { file: OpenFile; watch: GroupWatch }

async function openParquet(path: string, options: ReadOptions): Promise<Open> {
  const limits = { ...defaultLimits, ...options.limits }
  const watch = groupWatch(await openFile(path, options.signal), limits)
  const { source } = watch
  try {
    const footer = await readFooter(path, source, limits)
    const leaves = leavesOf(footer, limits)
    const file = {
      path,
      source,
      limits,
      codecs: await loadCodecs(),
      leaves,
      footer,
      buffers: createBuffers(),
      pages: new Map(),
    }
    return { file, watch }
  } catch (error) {
    await source.close()
    throw error
  }
}

function columnNames({ footer }: OpenFile): string[] {
  return footer.tree.children.map((child) => child.element.name)
}

/** Row groups so small that each alone would make a poor batch. */
function hasTinyGroups({ groups }: Footer): boolean {
  return groups.length > 1 && groups.every(({ rows }) => rows < 128)
}

/** What `read` gives of the rows asked for, row group after row group. */
async function* eachGroup<T>(
  { file, watch }: Open,
  { rows, only, signal }: ShardReadOptions,
  read: (index: number, runs: readonly RowRange[]) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const all = only === undefined ? [rows ?? { start: 0, end: Number.POSITIVE_INFINITY }] : runsOf(only)
  let groupStart = 0
  for (const [index, group] of file.footer.groups.entries()) {
    signal?.throwIfAborted()
    const runs = runsWithin(all, { start: groupStart, end: groupStart + group.rows })
    if (runs.length > 0) {
      for await (const each of watch.during(`${file.path}: row group ${index}`, read(index, runs))) {
        yield each
        signal?.throwIfAborted()
      }
    }
    groupStart += group.rows
  }
}

/** What the footer tells; no page is read. */
export async function describeParquet(path: string, { limits, signal }: DescribeOptions = {}): Promise<Description> {
  const source = await openFile(path, signal)
  try {
    const { groups, tree, types } = await readFooter(path, source, { ...defaultLimits, ...limits })
    const nulls = tree.children.map(({ element }) => element).filter((element) => element.logical_type?.type === 'NULL')
    // A guess, as Arrow's null columns have it.
    const schema = { ...types, ...Object.fromEntries(nulls.map(({ name }) => [name, 'string' as const])) }
    const whole = Object.values(schema).every((type) => type !== undefined)
    return {
      rows: groups.reduce((sum, { rows }) => sum + rows, 0),
      columns: tree.children.map((child) => {
        const type = types[child.element.name]
        return { name: child.element.name, type: type === undefined ? storedName(child) : typeName(type) }
      }),
      ...(whole && { schema: schema as Schema }),
      ...(nulls.length > 0 && { nulls: nulls.map(({ name }) => name) }),
      columnBytes: columnBytes(groups.flatMap(({ chunks }) => chunks)),
      rowGroups: groups.map(({ rows, chunks }) => ({
        rows,
        bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
        codecs: [...new Set(chunks.map(({ codec }) => codec ?? 'unknown'))],
      })),
    }
  } finally {
    await source.close()
  }
}

/** Compressed bytes by column, its leaves together. */
function columnBytes(chunks: readonly StoredChunk[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const { path, bytes } of chunks) sums.set(path[0]!, (sums.get(path[0]!) ?? 0) + bytes)
  return Object.fromEntries(sums)
}
