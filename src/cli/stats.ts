import { type DescribeOptions, type Description, findShards, readShard, type Shard } from '../formats/index.js'
import { describeUnlessBad, leavingBad, type OnBadShard } from '../formats/shards.js'
import { type ColumnStats, columnTally, type Lengths } from './column-stats.js'
import { gatherSkipped, onBadShardFlag, readingOf, shardFlags, tellSkipped } from './shard-flags.js'
import type { Terminal, Verb } from './verb.js'

type ShardStats = Description & { name: string; format: string; bytes: number }
type Full = Record<string, ColumnStats> | undefined
type Totals = { rows: number | undefined; bytes: number }

export const statsVerb: Verb = {
  operands: '<shards...>',
  example: 'sluice stats out/data\nsluice stats corpus.jsonl --full',
  flags: [
    {
      name: 'full',
      type: 'boolean',
      description: "read all rows: count them where a format does not tell, and every column's nulls and lengths",
    },
    onBadShardFlag,
    ...shardFlags,
  ],
  run: async (inputs, flags, terminal) => {
    const shards = await findShards(inputs)
    const tally = flags.full === true ? columnTally() : undefined
    const stats: ShardStats[] = []
    const { onBad, skipped } = gatherSkipped(flags)
    const how = { onBad, ...readingOf(flags) }
    for (const shard of shards) stats.push(...(await shardStats(shard, tally, how)))
    const isCounted = stats.every((each) => each.rows !== undefined)
    const rows = isCounted ? stats.reduce((sum, each) => sum + each.rows!, 0) : undefined
    const bytes = stats.reduce((sum, each) => sum + each.bytes, 0)
    const columns = tally?.stats()
    if (terminal.json)
      terminal.out(
        JSON.stringify({
          rows: rows ?? null,
          bytes,
          ...(columns && { columns }),
          shards: stats,
          ...(onBad && { skipped }),
        }),
      )
    else printStats(stats, { rows, bytes }, columns, terminal)
    tellSkipped(skipped, terminal)
    return 0
  },
}

type How = DescribeOptions & { onBad: OnBadShard | undefined }

/** Nothing for a shard that cannot even be described; the rows up to where it stops decoding for one that can. */
async function shardStats(
  shard: Shard,
  tally: ReturnType<typeof columnTally> | undefined,
  { onBad, ...how }: How,
): Promise<ShardStats[]> {
  const description = await describeUnlessBad(shard, { onBad, ...how })
  if (description === undefined) return []
  const told = { name: shard.name, format: shard.format, bytes: shard.bytes, ...description }
  if (tally === undefined) return [told]
  let rows = 0
  for await (const batch of leavingBad(shard, readShard(shard, how), { onBad })) {
    tally.add(batch)
    rows += batch.length
  }
  return [{ ...told, rows }]
}

function printStats(stats: readonly ShardStats[], all: Totals, full: Full, terminal: Terminal): void {
  const line = (name: string, rows: string, bytes: string, groups: string, codecs: string) =>
    terminal.out(
      `${rows.padStart(12)} ${bytes.padStart(15)} ${groups.padStart(6)}  ${codecs.padEnd(14)} ${name}`.trimEnd(),
    )
  line('shard', 'rows', 'bytes', 'groups', 'codecs')
  for (const { name, rows, bytes, rowGroups, format } of stats) {
    const codecs = rowGroups ? [...new Set(rowGroups.flatMap((group) => group.codecs))].join(',') : format
    line(shown(name), number(rows), number(bytes), rowGroups ? number(rowGroups.length) : '', codecs)
  }
  if (stats.length > 1) line(`${stats.length} shards`, number(all.rows), number(all.bytes), '', '')
  if (all.rows === undefined) terminal.err('Rows marked ? are counted with --full, which reads them all.')
  const columns = new Map(stats.flatMap((each) => each.columns).map(({ name, type }) => [name, type]))
  for (const name of Object.keys(full ?? {})) if (!columns.has(name)) columns.set(name, '?')
  terminal.out('')
  const sizes = columnSizes(stats)
  for (const [name, type] of columns) {
    // A column that no row has is null in all of them.
    const told =
      full && ` ${`nulls ${number(full[name]?.nulls ?? all.rows)}`.padEnd(16)}${lengthText(full[name]?.lengths)}`
    const size = sizes.has(name) ? `${number(sizes.get(name))} bytes` : ''
    terminal.out(`${shown(name).padEnd(24)} ${type.padEnd(16)} ${size.padStart(21)}${told ?? ''}`.trimEnd())
  }
}

/** Compressed bytes of each column in the shards that tell them. */
function columnSizes(stats: readonly ShardStats[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { columnBytes = {} } of stats) {
    for (const [name, bytes] of Object.entries(columnBytes)) sums.set(name, (sums.get(name) ?? 0) + bytes)
  }
  return sums
}

const bars = ' ▁▂▃▄▅▆▇█'

function lengthText(lengths: Lengths | undefined): string {
  if (lengths === undefined) return ''
  const { min, max, mean, histogram } = lengths
  const most = Math.max(...histogram.map((step) => step.count))
  const shape = histogram.map(({ count }) => bars[Math.ceil((count / most) * (bars.length - 1))]).join('')
  return ` lengths ${number(min)} to ${number(max)}, mean ${number(Math.round(mean))}  ${shape}`
}

/** Names come with the files, and control characters in them are not for the terminal. */
function shown(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return name.replace(/[\x00-\x1f\x7f-\x9f]/g, '�')
}

function number(value: number | undefined): string {
  return value === undefined ? '?' : value.toLocaleString('en')
}
