// Runs that are killed. A long one: SLUICE_KILLS=200 npx vitest run test/crash/kill -t 'reinstruct|evol-instruct|retry'
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { openJournal } from '../../src/models/journal.js'
import { uniform } from '../../src/text/hash.js'
import { sluice, startSluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { toyCommand, toyRuns } from '../recipes/toy-runs.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { compareRows, killLoop, type Started } from './kill-loop.js'

const toySink = fileURLToPath(new URL('./toy-sink.mjs', import.meta.url))
const preload = pathToFileURL(fileURLToPath(new URL('./kill-at-call.mjs', import.meta.url))).href
const killsOf = (usual: number) => Number(process.env.SLUICE_KILLS ?? usual)
const concurrency = 4

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-kill-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Starts the command line; it kills itself at its `killAt`-th call to the disk below `out`. */
const startCounted = (args: string[], out: string, killAt = Number.POSITIVE_INFINITY) =>
  startSluice(args, { preload, env: { SLUICE_KILL_BELOW: out, SLUICE_KILL_AT: String(killAt) } })

/** Runs to the end what nobody kills, and tells how long that takes and how many calls to the disk. */
async function calmly(args: string[], out: string): Promise<{ ms: number; calls: number }> {
  const began = Date.now()
  const { code, stderr } = await startCounted(args, out).finished
  expect(code, stderr).toBe(0)
  return { ms: Date.now() - began, calls: Number(/(\d+) calls\n/.exec(stderr)![1]) }
}

/** The files that a reader of a run folder sees, whole or in part published. */
async function outputOf(out: string): Promise<Record<string, string>> {
  const entries = await readdir(out, { recursive: true }).catch(() => [])
  const names = entries.filter((name) => !name.startsWith('.sluice') && name !== 'data').sort()
  const contents = await Promise.all(names.map((name) => readFile(join(out, name), 'base64')))
  return Object.fromEntries(names.map((name, n) => [name, contents[n]!]))
}

/** Every row of the output and every reject, as text. */
async function rowsOf(out: string): Promise<string[]> {
  const shards = await findShards([join(out, 'data'), join(out, 'rejects.parquet')])
  const rows = (await collect(readShards(shards))) as Columns[]
  return rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
}

/** Which of the calls that the server was ever paid for have their reply in the journal, and how often each was paid for. */
async function journalledCalls(out: string, server: OpenAiServer): Promise<Map<string, number>> {
  const journal = await openJournal(join(out, '.sluice', 'journal'))
  const found = new Map<string, number>()
  for (const [key, count] of server.paid) if (await journal.read(key)) found.set(key, count)
  await journal.close()
  return found
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

describe('the kill loop', () => {
  const sink = (kind: string) => (out: string) => startNode([toySink, kind, out])

  it('finds nothing wrong with a sink that is atomic, and what a naive one repeats', async () => {
    const expected = Array.from({ length: 100 }, (_, row) => `row ${row}`)
    const wrong = { atomic: 0, naive: 0 }
    for (const kind of ['atomic', 'naive'] as const) {
      const place = join(folder, kind)
      const began = Date.now()
      await sink(kind)(join(place, 'calm')).finished
      await killLoop({
        ...{ start: sink(kind), folder: place, kills: 12, calm: { ms: Date.now() - began } },
        onFinished: async (out) => {
          const found = (await readFile(join(out, 'rows.txt'), 'utf8')).trimEnd().split('\n')
          const { lost, extra } = compareRows(expected, found)
          if (lost + extra > 0) wrong[kind]++
        },
      })
    }
    expect(wrong.atomic).toBe(0)
    expect(wrong.naive).toBeGreaterThan(0)
    expect(compareRows(['a', 'b', 'b'], ['b', 'c'])).toEqual({ lost: 2, extra: 1 })
  }, 60_000)
})

/** At what the runs were killed, most often first: `62 by the clock, 9 write journal, …`. */
function deathsOf(deaths: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const stderr of deaths) {
    const [, call, path = ''] = /killed at (\w+) (.*)/.exec(stderr) ?? []
    const place = /\.sluice\/([a-z]+)/.exec(path)?.[1] ?? 'out'
    const at = call === undefined ? 'by the clock' : `${call} ${place}`
    counts.set(at, (counts.get(at) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([at, count]) => `${count} ${at}`).join(', ')
}

describe.each(toyRuns)('a run of $recipe', (toy) => {
  const { recipe } = toy
  const kills = killsOf(recipe === 'reinstruct' ? 5 : 2)
  const place = () => join(folder, recipe)
  const calmOut = () => join(place(), 'calm')
  let server: OpenAiServer
  let inputs: string[]
  let calm: { ms: number; calls: number }
  let perRun: number
  let expected: Record<string, string>
  const command = (out: string, inFlight = concurrency) =>
    toyCommand(toy, { inputs, out, endpoint: server.url, concurrency: inFlight })
  beforeAll(async () => {
    inputs = await toy.inputs(join(place(), 'corpus'))
    server = await startOpenAiServer({ reply: toy.reply, latencyMs: 10 })
    calm = await calmly(command(calmOut()), calmOut())
    perRun = server.totalPaid
    expected = await outputOf(calmOut())
    expect(Object.keys(expected)).toContain('data/train-00000-of-00001.parquet')
  })
  afterAll(() => server.close())

  it.each([1, 16])('gives the same bytes with %d calls in flight', async (inFlight) => {
    const out = join(place(), `in-flight-${inFlight}`)
    const { code, stderr } = await sluice(command(out, inFlight))
    expect(code, stderr).toBe(0)
    expect(await outputOf(out)).toEqual(expected)
  })

  it(
    `gives the same bytes after each of ${kills} SIGKILLs, and pays for no journalled reply again`,
    async () => {
      const expectedRows = await rowsOf(calmOut())
      expect(expectedRows.length).toBeGreaterThan(15)
      const [paidBefore, deaths] = [server.totalPaid, [] as string[]]
      let journalled: Map<string, number>[] = []
      let seen = 0
      const { runs, again } = await killLoop({
        ...{ folder: place(), kills, calm },
        start: (out, killAt) => startCounted(command(out), out, killAt),
        onKilled: async (out, stderr) => {
          deaths.push(stderr)
          // What can be seen is what is to stay, however early or late the kill came.
          expect(expected).toMatchObject(await outputOf(out))
          if (!(await readdir(out).catch((): string[] => [])).includes('.sluice')) return
          journalled.push(await journalledCalls(out, server))
        },
        onFinished: async (out) => {
          expect(compareRows(expectedRows, await rowsOf(out)), out).toEqual({ lost: 0, extra: 0 })
          expect(await outputOf(out), out).toEqual(expected)
          for (const found of journalled)
            for (const [key, count] of found) expect(server.paid.get(key), key).toBe(count)
          seen += journalled.reduce((sum, { size }) => sum + size, 0)
          journalled = []
          await rm(out, { recursive: true })
        },
      })
      // Beyond what each run needs, at most the calls of rows under way at a kill, four for each in flight, were paid for again.
      const twice = server.totalPaid - paidBefore - perRun * runs
      expect(twice).toBeLessThanOrEqual(kills * 4 * concurrency)
      console.log(
        `${recipe}: ${kills} kills over ${runs} runs, ${again} of them of a resume; 0 rows lost, 0 repeated, all bytes the same; ${seen} journalled replies, 0 paid for again; ${twice} calls under way at a kill were\n${deathsOf(deaths)}`,
      )
    },
    120_000 + kills * 60_000,
  )
})

describe('a run of reinstruct', () => {
  const toy = toyRuns[0]!

  it('stops for Ctrl-C with its resume command, and finishes when that is run', async () => {
    const place = join(folder, 'interrupted')
    const inputs = await toy.inputs(join(place, 'corpus'))
    const server = await startOpenAiServer({ reply: toy.reply, latencyMs: 25 })
    const command = (out: string) => toyCommand(toy, { inputs, out, endpoint: server.url })
    const [calm, out] = [join(place, 'calm'), join(place, 'out')]
    expect((await sluice(command(calm))).code).toBe(0)
    const { child, finished } = startSluice(command(out))
    const goal = server.totalPaid + 20
    while (server.totalPaid < goal) await after(5)
    child.kill('SIGINT')
    const { code, stderr } = await finished
    expect(code).toBe(130)
    expect(stderr).toContain(`sluice ${command(out).join(' ')}`)
    expect((await readdir(out)).sort()).toEqual(['.sluice'])
    const journalled = await journalledCalls(out, server)
    expect(journalled.size).toBeGreaterThan(10)
    expect((await sluice(command(out))).code).toBe(0)
    for (const [key, count] of journalled) expect(server.paid.get(key)).toBe(count)
    expect(await outputOf(out)).toEqual(await outputOf(calm))
    await server.close()
  })

  const kills = killsOf(3)
  it(
    `shows a whole result, the old or the new, file by file, after each of ${kills} SIGKILLs of its retry`,
    async () => {
      const place = join(folder, 'retry')
      const inputs = await toy.inputs(join(place, 'corpus'))
      let isIll = true
      const server = await startOpenAiServer({
        reply: toy.reply,
        script: (_attempt, _path, key) => (isIll && uniform(3, key, 'ill') < 0.2 ? '400' : undefined),
      })
      const failed = join(place, 'failed')
      expect((await sluice(toyCommand(toy, { inputs, out: failed, endpoint: server.url }))).code).toBe(0)
      isIll = false
      const old = await outputOf(failed)
      const retry = (out: string) => ['retry', out, '--max-failed', '0', '-q']
      const calmOut = join(place, 'calm')
      await cp(failed, calmOut, { recursive: true, preserveTimestamps: true })
      const calm = await calmly(retry(calmOut), calmOut)
      const expected = await outputOf(calmOut)
      expect(Object.keys(expected).filter((name) => expected[name] === old[name])).toEqual([])
      const deaths: string[] = []
      const { runs, again } = await killLoop({
        ...{ folder: place, kills, calm },
        start: (out, killAt) => startCounted(retry(out), out, killAt),
        onBegin: (out) => cp(failed, out, { recursive: true, preserveTimestamps: true }),
        onKilled: async (out, stderr) => {
          deaths.push(stderr)
          const shown = await outputOf(out)
          for (const [name, bytes] of Object.entries(shown)) expect([old[name], expected[name]], name).toContain(bytes)
          expect(Object.keys(shown)).toEqual(Object.keys(expected))
        },
        onFinished: async (out) => {
          expect(await outputOf(out), out).toEqual(expected)
          await rm(out, { recursive: true })
        },
      })
      await server.close()
      console.log(
        `retry: ${kills} kills over ${runs} runs, ${again} of them of a resume; every file shown was whole, the old or the new; all bytes the same\n${deathsOf(deaths)}`,
      )
    },
    120_000 + kills * 60_000,
  )
})

/** A script of this folder, as a process of its own. */
function startNode(args: readonly string[]): Started {
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  return { child, finished: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal }))) }
}
