import { findShards, writeRows } from '../formats/index.js'
import { hasLooseColumns, openShards } from '../formats/shards.js'
import { formatOf } from '../formats/table.js'
import type { SchemaPolicy } from '../formats/union-schema.js'
import { writeShards } from '../formats/write-shards.js'
import { UsageError } from '../stream/errors.js'
import { listenForInterrupt } from './interrupt.js'
import { listFlag } from './list-flag.js'
import { refuseOwnInput } from './local-out.js'
import { rowsFlag } from './rows-flag.js'
import { gatherSkipped, onBadShardFlag, readingOf, shardFlags, tellSkipped } from './shard-flags.js'
import { sizeFlag } from './size-flag.js'
import type { Verb } from './verb.js'
import { writeFlags, writeOptions } from './write-flags.js'

export const convertVerb: Verb = {
  operands: '<shards...>',
  example:
    "sluice convert 'raw/*.jsonl.gz' -o corpus.parquet\nsluice convert docs/ -o corpus/ --to parquet --shard-size 512mb\nsluice convert corpus.parquet -o part.csv --rows 5000:6000 --columns id,text",
  flags: [
    {
      name: 'out',
      short: 'o',
      type: 'string',
      description:
        'file to write, here or at s3://BUCKET/KEY or hf://datasets/OWNER/NAME/PATH, `-` for stdout; a folder there with --shard-size or --shard-rows',
    },
    {
      name: 'to',
      type: 'string',
      description: 'format to write: parquet, jsonl, arrow, csv or json (default: by the ending)',
    },
    { name: 'from', type: 'string', description: 'format of stdin, where `-` is read and it cannot be told' },
    { name: 'columns', type: 'string', description: 'columns to keep, separated by commas' },
    { name: 'rows', type: 'string', description: 'rows to keep, counted through all shards: a count or a range a:b' },
    {
      name: 'schema',
      type: 'string',
      choices: ['widen', 'strict'],
      description: 'where shards differ in their columns, find types that hold all, or stop and say how they differ',
      default: 'widen',
    },
    {
      name: 'shardSize',
      type: 'string',
      description:
        'about the bytes of a shard, such as 512mb; makes --out a new folder of train-00000-of-00007.parquet and so on (s3: train-00000.parquet)',
    },
    { name: 'shardRows', type: 'integer', min: 1, description: 'rows of a shard; makes --out a new folder of them' },
    ...writeFlags,
    onBadShardFlag,
    ...shardFlags,
  ],
  run: async (inputs, flags, terminal) => {
    const { out, to, shardRows } = flags as { out?: string; to?: string; shardRows?: number }
    if (out === undefined)
      throw new UsageError('Expected an output, got none', { fix: 'Add -o FILE, or -o - for stdout.' })
    const shardBytes = sizeFlag('--shard-size', flags.shardSize)
    const isFolder = shardRows !== undefined || shardBytes !== undefined
    const format = to ?? (isFolder ? 'parquet' : out === '-' ? 'jsonl' : formatOf(out)?.name)
    const howWritten = writeOptions(flags, format)
    const columns = listFlag(flags.columns)
    const shards = await findShards(inputs, { from: flags.from as string | undefined })
    await refuseOwnInput(out, shards)
    const policy = flags.schema as SchemaPolicy | undefined
    const range = rowsFlag(flags.rows)
    const { onBad, skipped } = gatherSkipped(flags)
    // Lines that bring their own columns take those of every row as they come.
    const isLoose = format !== undefined && hasLooseColumns(format)
    const everyRow = !isLoose || columns !== undefined
    const opened = await openShards(shards, { columns, onBad, everyRow, ...readingOf(flags) })
    const told = opened.schema(policy)
    const schema = isLoose ? undefined : told
    // Lines stay as they are, whatever their types.
    if (!isLoose && !terminal.quiet) for (const note of opened.mixed) terminal.err(note)
    const interrupt = listenForInterrupt(terminal.err)
    const options = { ...howWritten, schema, signal: interrupt.signal }
    try {
      const rows = opened.read({ rows: range, signal: interrupt.signal })
      const written = isFolder
        ? await writeShards(rows, {
            folder: out,
            format: format!,
            shardRows,
            shardBytes,
            write: options,
          })
        : await writeRows(out, { ...options, format })(rows)
      if (terminal.json) terminal.out(JSON.stringify({ out, ...written, ...(onBad && { skipped }) }))
      else if (!terminal.quiet)
        terminal.err(`${written.rows.toLocaleString('en')} rows, ${written.bytes.toLocaleString('en')} bytes: ${out}`)
      tellSkipped(skipped, terminal)
      return 0
    } catch (error) {
      const exitCode = interrupt.exitCode()
      if (exitCode === undefined) throw error
      terminal.err('Stopped; nothing was written.')
      return exitCode
    } finally {
      interrupt.release()
    }
  },
}
