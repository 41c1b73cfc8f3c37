// Runs that are killed at random moments. A long one, over both recipes: SLUICE_KILLS=100 npx vitest run test/crash/kill
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { openJournal } from '../../src/models/journal.js'
import { sluice, startSluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { writeProseShards } from '../prose.js'
import { toyEvolution, toyReply } from '../recipes/toy-model.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { compareRows, killLoop, type Started } from './kill-loop.js'

const toySink = fileURLToPath(new URL('./toy-sink.mjs', import.meta.url))
const killsOf = (usual: number) => Number(process.env.SLUICE_KILLS ?? usual)
const concurrency = 4

type Case = { recipe: string; usual: number; toy: (body: ChatRequest) => string; input: string; options: string[] }

const cases: Case[] = [
  {
    ...{ recipe: 'reinstruct', usual: 5, toy: toyReply, input: 'corpus' },
    options: ['--selector', 'light', '--select', '60'],
  },
  {
    ...{ recipe: 'evol-instruct', usual: 3, toy: toyEvolution, input: 'instructions.jsonl' },
    options: ['--rounds', '2', '--max-failed', '1'],
  },
]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-kill-'))
  await writeProseShards(join(folder, 'corpus'), 4, 75)
  const lines = Array.from({ length: 40 }, (_, n) => JSON.stringify({ instruction: `Describe item ${n} of the list.` }))
  await writeFile(join(folder, 'instructions.jsonl'), `${lines.join('\n')}\n`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const command = ({ recipe, input, options }: Case, server: OpenAiServer, out: string) => [
  ...['run', recipe, join(folder, input), '-o', out, '--seed', '7', '-q', ...options],
  ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', String(concurrency)],
]

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
        ...{ start: sink(kind), folder: place, kills: 12, calmMs: Date.now() - began },
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

describe.each(cases)('a run of $recipe that is killed', (each) => {
  const { recipe, usual, toy } = each
  const kills = killsOf(usual)
  const place = () => join(folder, recipe)
  const calm = () => join(place(), 'calm')
  let server: OpenAiServer
  let calmMs: number
  let perRun: number
  beforeAll(async () => {
    server = await startOpenAiServer({ reply: toy, latencyMs: 25 })
    const began = Date.now()
    const { code, stderr } = await sluice(command(each, server, calm()))
    expect(code, stderr).toBe(0)
    calmMs = Date.now() - began
    perRun = server.totalPaid
  }, 60_000)
  afterAll(() => server.close())

  it(
    `gives the same bytes after each of ${kills} SIGKILLs, and pays for no journalled reply again`,
    async () => {
      const expected = await outputOf(calm())
      expect(Object.keys(expected)).toContain('data/train-00000-of-00001.parquet')
      const expectedRows = await rowsOf(calm())
      expect(expectedRows.length).toBeGreaterThan(40)
      let journalled: Map<string, number>[] = []
      let seen = 0
      const runs = await killLoop({
        ...{ start: (out) => startSluice(command(each, server, out)), folder: place(), kills, calmMs },
        onKilled: async (out) => {
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
      // Beyond what each run needs, at most the calls in flight at a kill were paid for again.
      const again = server.totalPaid - perRun * (runs + 1)
      expect(again).toBeLessThanOrEqual(kills * concurrency)
      console.log(
        `${recipe}: ${kills} kills over ${runs} runs; 0 rows lost, 0 repeated, all bytes the same; ${seen} journalled replies, 0 paid for again; ${again} calls in flight at a kill were`,
      )
    },
    120_000 + kills * 30_000,
  )

  it('stops for Ctrl-C with its resume command, and finishes when that is run', async () => {
    const out = join(place(), 'interrupted')
    const { child, finished } = startSluice(command(each, server, out))
    const goal = server.totalPaid + 20
    while (server.totalPaid < goal) await after(5)
    child.kill('SIGINT')
    const { code, stderr } = await finished
    expect(code).toBe(130)
    expect(stderr).toContain(`sluice ${command(each, server, out).join(' ')}`)
    expect((await readdir(out)).sort()).toEqual(['.sluice'])
    const journalled = await journalledCalls(out, server)
    expect(journalled.size).toBeGreaterThan(10)
    expect((await sluice(command(each, server, out))).code).toBe(0)
    for (const [key, count] of journalled) expect(server.paid.get(key)).toBe(count)
    expect(await outputOf(out)).toEqual(await outputOf(calm()))
  }, 120_000)
})

/** A script of this folder, as a process of its own. */
function startNode(args: readonly string[]): Started {
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  return { child, finished: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal }))) }
}
