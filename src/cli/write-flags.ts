import { writeCodecs } from '../formats/compress.js'
import type { ParquetOptions, WriteOptions } from '../formats/types.js'
import { UsageError } from '../stream/errors.js'
import { sizeFlag } from './size-flag.js'
import type { Flag, Flags } from './verb.js'

const onOff = ['on', 'off']

/** Flags that only Parquet has a use for, each one an option of {@link ParquetOptions}. */
const parquetFlags: readonly Flag[] = [
  {
    name: 'codec',
    type: 'string',
    choices: Object.keys(writeCodecs),
    description: 'compression of Parquet',
    default: 'zstd',
  },
  {
    name: 'dictionary',
    type: 'string',
    choices: ['auto', 'on', 'off'],
    description: 'keep repeated values once; auto does where it halves a column',
    default: 'auto',
  },
  {
    name: 'statistics',
    type: 'string',
    choices: onOff,
    description: 'least and greatest value and nulls of each column, for readers to pass over what they do not need',
    default: 'on',
  },
  { name: 'pageIndex', type: 'string', choices: onOff, description: 'where each page lies', default: 'on' },
  { name: 'checksums', type: 'string', choices: onOff, description: 'a CRC-32 of each page', default: 'on' },
  {
    name: 'rowGroupSize',
    type: 'string',
    description: 'bytes of values that end a row group, such as 64mb (default: 4mb or 4,096 rows)',
  },
  { name: 'pageSize', type: 'string', description: 'bytes that end a page, before compression (default: 1mb)' },
]

const fileFlags: readonly Flag[] = [
  { name: 'level', type: 'integer', description: 'level of the codec (default: zstd 3, gzip 6, brotli 5)' },
  {
    name: 'metadata',
    type: 'string',
    repeats: true,
    description: 'key=value for the file; Parquet and Arrow, as often as need be',
  },
  ...parquetFlags,
]

/** How a file is written, as `convert` takes it. */
export const writeFlags: readonly Flag[] = fileFlags.map((flag) => ({ ...flag, group: 'How a file is written:' }))

/** The options that {@link writeFlags} stand for. Throws a UsageError where `format` has no use for one that was given. */
export function writeOptions(flags: Flags, format: string | undefined): Omit<WriteOptions, 'schema'> {
  const { level, metadata } = flags as { level?: number; metadata?: string[] }
  const given = parquetFlags.map(({ name }) => name).filter((name) => flags[name] !== undefined)
  if (format !== 'parquet' && given.length > 0) throw useless(given[0]!, 'Parquet')
  if (metadata !== undefined && format !== 'parquet' && format !== 'arrow')
    throw useless('metadata', 'Parquet and Arrow')
  const parquet = {
    codec: flags.codec,
    dictionary: flags.dictionary,
    statistics: switchOf(flags.statistics),
    pageIndex: switchOf(flags.pageIndex),
    checksums: switchOf(flags.checksums),
    rowGroupBytes: sizeFlag('--row-group-size', flags.rowGroupSize),
    pageBytes: sizeFlag('--page-size', flags.pageSize),
  }
  const set = Object.entries(parquet).filter(([, value]) => value !== undefined)
  return {
    ...(level !== undefined && { level }),
    ...(metadata && { metadata: Object.fromEntries(metadata.map(pairOf)) }),
    ...(set.length > 0 && { parquet: Object.fromEntries(set) as ParquetOptions }),
  }
}

function useless(name: string, formats: string): UsageError {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return new UsageError(`${flag} is for ${formats} alone`, { fix: 'Leave it out, or say --to parquet.' })
}

function switchOf(value: unknown): boolean | undefined {
  return value === undefined ? undefined : value === 'on'
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`Expected --metadata to be key=value, got \`${text}\``)
  return [text.slice(0, at), text.slice(at + 1)]
}
