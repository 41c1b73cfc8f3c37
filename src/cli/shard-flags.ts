import { type LimitName, type Limits, limitFlag, limitTable } from '../formats/limits.js'
import type { OnBadShard } from '../formats/shards.js'
import type { DescribeOptions } from '../formats/types.js'
import { UsageError } from '../stream/errors.js'
import { sizeFlag } from './size-flag.js'
import type { Flag, Flags, Terminal } from './verb.js'

const limitNames = Object.keys(limitTable) as LimitName[]

const isolateFlag: Flag = {
  name: 'isolate',
  type: 'boolean',
  description: 'decode shards in a process of its own, which a hostile file may end instead of this one',
}

const limitFlags: readonly Flag[] = limitNames.map((name) => ({
  name: optionName(name),
  ...(isSize(name)
    ? { type: 'string', default: `${limitTable[name].standard >> 20}mb` }
    : { type: 'integer', min: 0, default: limitTable[name].standard }),
  description: `most ${limitTable[name].counts}`,
  group: 'Limits of a shard, for files that are trusted with more:',
}))

/** Flags of every verb that reads shards: how, and how far a file is to be trusted. */
export const shardFlags: readonly Flag[] = [isolateFlag, ...limitFlags]

/** The flag of verbs that may go on without a shard. A run has it among its recipe's options. */
export const onBadShardFlag: Flag = {
  name: 'onBadShard',
  type: 'string',
  choices: ['fail', 'skip'],
  default: 'fail',
  description: 'where a shard does not decode, stop (exit code 3), or leave the rest of it out and say so at the end',
}

export type Reading = Omit<DescribeOptions, 'signal'>

/** What {@link shardFlags} say of reading. */
export function readingOf(flags: Flags): Reading {
  const limits: Partial<Limits> = {}
  for (const name of limitNames) {
    const value = flags[optionName(name)]
    if (value === undefined) continue
    if (isSize(name)) {
      limits[name] = sizeFlag(limitFlag(name), value)!
      continue
    }
    // A config file may hold anything.
    if (typeof value !== 'number') throw new UsageError(`Expected ${optionName(name)} to be a number, got \`${value}\``)
    limits[name] = value
  }
  return {
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(flags.isolate === true && { isolate: true }),
  }
}

/** A shard that was left out from a row on, as `--json` shows it. */
export type Skipped = { path: string; row: number; error: string }

/** Gathers what `--on-bad-shard skip` leaves out; without it `onBad` is undefined, and a bad shard is an error. */
export function gatherSkipped(flags: Flags): { onBad: OnBadShard | undefined; skipped: Skipped[] } {
  const skipped: Skipped[] = []
  if (flags.onBadShard !== 'skip') return { onBad: undefined, skipped }
  return { onBad: ({ path, row, error }) => skipped.push({ path, row, error: error.message }), skipped }
}

/** Names on stderr every shard that was left out. */
export function tellSkipped(skipped: readonly Skipped[], terminal: Terminal): void {
  for (const { row, error } of skipped) terminal.err(`left out${row > 0 ? ` from row ${row} on` : ''}: ${error}`)
  if (skipped.length > 0) terminal.err(`${skipped.length} ${skipped.length === 1 ? 'shard' : 'shards'} left out.`)
}

function isSize(name: LimitName): boolean {
  return name.endsWith('Bytes')
}

function optionName(name: LimitName): string {
  return `limit${name[0]!.toUpperCase()}${name.slice(1)}`
}
