import { type Description, describeShard, findShards, readShard, type Shard } from '../formats/index.js'
import type { Terminal, Verb } from './verb.js'

type ShardStats = Description & { name: string; format: string; bytes: number; rows: number }

export const statsVerb: Verb = {
  operands: '<shards...>',
  example: 'sluice stats out/data',
  flags: [],
  run: async (inputs, _flags, terminal) => {
    const shards = await findShards(inputs)
    const stats: ShardStats[] = []
    for (const shard of shards) stats.push(await shardStats(shard))
    const rows = stats.reduce((sum, each) => sum + each.rows, 0)
    const bytes = stats.reduce((sum, each) => sum + each.bytes, 0)
    if (terminal.json) terminal.out(JSON.stringify({ rows, bytes, shards: stats }))
    else printStats(stats, { rows, bytes }, terminal)
    return 0
  },
}

async function shardStats(shard: Shard): Promise<ShardStats> {
  const description = await describeShard(shard)
  const rows = description.rows ?? (await countRows(shard))
  return { name: shard.name, format: shard.format, bytes: shard.bytes, ...description, rows }
}

async function countRows(shard: Shard): Promise<number> {
  let rows = 0
  for await (const batch of readShard(shard)) rows += batch.length
  return rows
}

function printStats(stats: readonly ShardStats[], all: { rows: number; bytes: number }, terminal: Terminal): void {
  const line = (name: string, rows: string, bytes: string, groups: string, codecs: string) =>
    terminal.out(
      `${rows.padStart(12)} ${bytes.padStart(15)} ${groups.padStart(6)}  ${codecs.padEnd(14)} ${name}`.trimEnd(),
    )
  line('shard', 'rows', 'bytes', 'groups', 'codecs')
  for (const { name, rows, bytes, rowGroups, format } of stats) {
    const codecs = rowGroups ? [...new Set(rowGroups.flatMap((group) => group.codecs))].join(',') : format
    line(name, number(rows), number(bytes), rowGroups ? number(rowGroups.length) : '', codecs)
  }
  if (stats.length > 1) line(`${stats.length} shards`, number(all.rows), number(all.bytes), '', '')
  const columns = new Map(stats.flatMap((each) => each.columns).map(({ name, type }) => [name, type]))
  terminal.out('')
  for (const [name, type] of columns) terminal.out(`${name.padEnd(24)} ${type}`)
}

function number(value: number): string {
  return value.toLocaleString('en')
}
