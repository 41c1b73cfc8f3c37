import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type StageCost, type StageName, type StageRequest, stageNames } from '../recipes/bench/stages.js'
import { filterOptions } from '../recipes/filter/options.js'
import { SluiceError, UsageError } from '../stream/errors.js'
import { listenForInterrupt } from './interrupt.js'
import { readingOf, shardFlags } from './shard-flags.js'
import type { Flags, Terminal, Verb } from './verb.js'

const what: Readonly<Record<StageName, string>> = {
  read: 'the text column, as strings',
  filter: 'the rules of --rules',
  embed: 'the bundled embedder',
  write: 'every column, as zstd Parquet',
  select: 'the whole of `sluice select`: it reads, embeds, clusters, chooses and writes',
}

export const benchVerb: Verb = {
  operands: '<shards...>',
  example: "sluice bench 'corpus/*.parquet'\nsluice bench 'corpus/*.parquet' --seconds 20 --json",
  flags: [
    { name: 'seconds', type: 'number', min: 0.1, default: 5, description: 'seconds of each stage' },
    { name: 'rows', type: 'integer', min: 1, description: 'rows of each stage, at most' },
    {
      name: 'textColumn',
      type: 'string',
      default: 'text',
      description: 'column that holds the text, or the conversation',
    },
    {
      name: 'rules',
      type: 'string',
      description: 'families of rules to filter by (default: those of `sluice filter`)',
    },
    { name: 'select', short: 'n', type: 'integer', min: 1, default: 1000, description: 'rows to choose' },
    ...shardFlags,
  ],
  run: async (inputs, flags, terminal) => {
    const interrupt = listenForInterrupt(() => {})
    const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
    try {
      const measured = await measureAll(request(inputs, flags, folder), { terminal, signal: interrupt.signal })
      if (typeof measured === 'number') return interrupt.exitCode() ?? measured
      if (terminal.json) terminal.out(JSON.stringify({ machine: machine(), stages: measured.map(told) }))
      return 0
    } finally {
      await rm(folder, { recursive: true, force: true })
      interrupt.release()
    }
  },
}

function request(inputs: readonly string[], flags: Flags, folder: string): Omit<StageRequest, 'stage'> {
  if (inputs.includes('-')) {
    throw new UsageError('Each stage reads the corpus anew, and stdin can be read once only', {
      fix: 'Save it first: sluice convert - -o corpus.parquet',
    })
  }
  return {
    inputs,
    folder,
    textColumn: String(flags.textColumn ?? 'text'),
    rows: flags.rows as number | undefined,
    seconds: Number(flags.seconds ?? 5),
    rules: String(flags.rules ?? filterOptions.parse({}).rules),
    select: Number(flags.select ?? 1000),
    reading: readingOf(flags),
  }
}

type Watching = { terminal: Terminal; signal: AbortSignal }

/** What each stage took, one process after another; or the exit code of the one that failed, which has said why. */
async function measureAll(
  request: Omit<StageRequest, 'stage'>,
  { terminal, signal }: Watching,
): Promise<StageCost[] | number> {
  const measured: StageCost[] = []
  if (!terminal.json) printHead(terminal)
  for (const stage of stageNames) {
    // A selection takes longer than what it is made of: it gets the rows that embedding came through.
    const embedded = measured.find((cost) => cost.stage === 'embed')?.rows
    const rows = stage === 'write' ? Math.min(embedded!, request.rows ?? embedded!) : request.rows
    const cost = await inChild({ ...request, stage, rows }, signal)
    if (typeof cost === 'number') return cost
    if (cost.bytes === 0) throw noText(request)
    measured.push(cost)
    if (!terminal.json) terminal.out(line(told(cost), what[stage]))
  }
  return measured
}

function noText({ textColumn }: Pick<StageRequest, 'textColumn'>): UsageError {
  return new UsageError(`None of the rows looked at has a text in the column \`${textColumn}\``, {
    fix: 'Name the column with --text-column; `sluice stats` lists them.',
  })
}

const entry = fileURLToPath(new URL('bench-stage.js', import.meta.url))

async function inChild(request: StageRequest, signal: AbortSignal): Promise<StageCost | number> {
  const child = spawn(process.execPath, [...process.execArgv, entry], { stdio: ['pipe', 'pipe', 'inherit'] })
  // Not an argument: Linux takes none above 128 KiB. A child that ends before it has read all tells by its exit.
  child.stdin.on('error', () => {}).end(JSON.stringify(request))
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const [said, [code, killedBy]] = await Promise.all([textOf(child.stdout), once(child, 'close')])
    if (code === 0) return JSON.parse(said) as StageCost
    if (killedBy !== null && !signal.aborted) throw killed(request.stage, killedBy)
    return (code as number | null) ?? 70
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function killed(stage: StageName, by: NodeJS.Signals): SluiceError {
  return new SluiceError('E_KILLED', 70, `The stage ${stage} was ended by ${by}`, {
    fix: 'After SIGKILL see whether the machine ran out of memory; --rows makes the stages smaller.',
  })
}

/** A stage's cost in the units of people. */
type Told = ReturnType<typeof told>

function told({ stage, rows, bytes, seconds, cpuSeconds, peakBytes }: StageCost) {
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0)
  return {
    stage,
    rows,
    megabytes: bytes / 1e6,
    seconds,
    cpuSeconds,
    rowsPerSecond: perSecond(rows),
    megabytesPerSecond: perSecond(bytes / 1e6),
    peakMegabytes: peakBytes / 1e6,
  }
}

function machine() {
  const all = cpus()
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpus: all.length,
    cpu: all[0]?.model,
  }
}

function printHead(terminal: Terminal): void {
  const { node, platform, cpus: count, cpu } = machine()
  terminal.err(
    `${count} × ${cpu}, ${platform}, Node ${node}. MB are of text; memory is of a process that does this alone.`,
  )
  const names = ['rows', 'MB', 'seconds', 'CPU s', 'rows/s', 'MB/s', 'peak MB']
  terminal.out(`${'stage'.padEnd(8)}${names.map((name) => name.padStart(10)).join('')}`)
}

function line(cost: Told, does: string): string {
  const number = (value: number, digits = 0) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).padStart(10)
  const { stage, rows, megabytes, seconds, cpuSeconds, rowsPerSecond, megabytesPerSecond, peakMegabytes } = cost
  const cells = [
    number(rows),
    number(megabytes, 1),
    number(seconds, 2),
    number(cpuSeconds, 2),
    number(rowsPerSecond),
    number(megabytesPerSecond, 1),
    number(peakMegabytes),
  ]
  return `${stage.padEnd(8)}${cells.join('')}  ${does}`
}
