import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openJournal } from '../../src/models/journal.js'
import { sluice, startSluice } from '../cli/sluice.js'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'

const kills = Number(process.env.SLUICE_KILLS ?? 5)

let folder: string
let corpus: string
let server: OpenAiServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-kill-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 4, 150)
  server = await startOpenAiServer({ reply: toyReply, latencyMs: 25 })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const command = (out: string) => [
  ...['run', 'reinstruct', corpus, '-o', out, '--selector', 'light', '--select', '120', '--seed', '7', '-q'],
  ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', '4'],
]

async function outputOf(out: string): Promise<Record<string, string>> {
  const files = ['README.md', 'rejects.parquet', ...(await readdir(join(out, 'data'))).map((name) => `data/${name}`)]
  const contents = await Promise.all(files.map((name) => readFile(join(out, name), 'base64')))
  return Object.fromEntries(files.map((name, n) => [name, contents[n]!]))
}

/** Which of the calls that the server was ever paid for have their reply in the journal. */
async function journalledCalls(out: string): Promise<Map<string, number>> {
  const journal = await openJournal(join(out, '.sluice', 'journal'))
  const found = new Map<string, number>()
  for (const [key, count] of server.paid) if (await journal.read(key)) found.set(key, count)
  await journal.close()
  return found
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Resolves once the server was paid for so many further calls. */
async function afterCalls(count: number): Promise<void> {
  const goal = server.totalPaid + count
  while (server.totalPaid < goal) await after(5)
}

describe('a run that is killed', () => {
  it(`gives the same bytes after ${kills} SIGKILLs, and pays for no journalled reply again`, async () => {
    const calm = join(folder, 'calm')
    const began = Date.now()
    expect((await sluice(command(calm))).code).toBe(0)
    const calmMs = Date.now() - began
    const expected = await outputOf(calm)
    const paidCalmly = new Map(server.paid)
    const perRun = server.totalPaid

    const out = join(folder, 'killed')
    const journalled: Map<string, number>[] = []
    let killed = 0
    for (let turn = 0; killed < kills; turn++) {
      expect(turn, 'the run ended before it could be killed often enough').toBeLessThan(10 * kills)
      const { child, finished } = startSluice(command(out))
      const stop = turn === 0 ? after(0.2 * calmMs) : afterCalls((perRun * (0.5 + (turn % 3))) / (2.5 * kills))
      void stop.then(() => child.kill('SIGKILL'))
      const { signal } = await finished
      if (signal !== 'SIGKILL') break
      killed++
      const visible = await readdir(out).catch(() => [])
      expect(visible.filter((name) => name !== '.sluice')).toEqual([])
      journalled.push(await journalledCalls(out))
    }
    expect(killed).toBe(kills)
    expect(journalled.at(-1)!.size).toBeGreaterThan(0)

    expect((await sluice(command(out))).code).toBe(0)
    expect(await outputOf(out)).toEqual(expected)
    for (const found of journalled) {
      for (const [key, count] of found) expect(server.paid.get(key), key).toBe(count)
    }
    // Beyond the calm run's calls, at most those in flight at a kill were paid for again.
    const again = [...server.paid].reduce((sum, [key, count]) => sum + count - 2 * (paidCalmly.get(key) ?? 0), 0)
    expect(again).toBeLessThanOrEqual(kills * 4)
  }, 240_000)

  it('stops for Ctrl-C with its resume command, and finishes when that is run', async () => {
    const out = join(folder, 'interrupted')
    const { child, finished } = startSluice(command(out))
    await afterCalls(20)
    child.kill('SIGINT')
    const { code, stderr } = await finished
    expect(code).toBe(130)
    expect(stderr).toContain(`sluice ${command(out).join(' ')}`)
    expect((await readdir(out)).sort()).toEqual(['.sluice'])
    const journalled = await journalledCalls(out)
    expect(journalled.size).toBeGreaterThan(10)
    expect((await sluice(command(out))).code).toBe(0)
    for (const [key, count] of journalled) expect(server.paid.get(key)).toBe(count)
    expect(await outputOf(out)).toEqual(await outputOf(join(folder, 'calm')))
  }, 120_000)
})
