import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { type Columns, findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { openJournal } from '../../src/models/journal.js'
import { type Tally, total } from '../../src/run/tally.js'
import { sluice, startSluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { type OpenAiServer, type ServerOptions, startOpenAiServer } from '../server/openai-server.mjs'

/** What the runs of a recipe's tests share: a folder with a corpus in it and a server; `out` is new for each test. */
export type Bench = {
  readonly folder: string
  readonly corpus: string
  readonly server: OpenAiServer
  readonly out: string
}

/** Sets a bench up for all tests of a file, hands it over before each, and clears it away at the end. */
export function benchFor(
  { fill, reply }: { fill: (corpus: string) => Promise<unknown>; reply?: ServerOptions['reply'] },
  take: (bench: Bench) => void,
): void {
  let [folder, runs] = ['', 0]
  let server: OpenAiServer
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
    await fill(join(folder, 'corpus'))
    server = await startOpenAiServer({ latencyMs: 3, ...(reply && { reply }) })
  })
  beforeEach(() => take({ folder, corpus: join(folder, 'corpus'), server, out: join(folder, `run-${runs++}`) }))
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })
}

/** The rows of a file or folder of Parquet. */
export async function rowsOf(path: string): Promise<Columns[]> {
  return (await collect(readShards(await findShards([path])))) as Columns[]
}

/** Everything a run leaves for its reader, by name. */
export async function outputOf(out: string): Promise<Record<string, string>> {
  const names = ['README.md', 'rejects.parquet', ...(await readdir(join(out, 'data'))).map((name) => `data/${name}`)]
  return Object.fromEntries(await Promise.all(names.map(async (n) => [n, await readFile(join(out, n), 'base64')])))
}

/**
 * Runs a recipe by the command line: at a concurrency of 1 and of 16, and killed half-way and gone on with. Expects the
 * accounting to close, the same bytes each time, and no reply of the journal to be paid again; gives the first run's tally.
 */
export async function expectSameBytes({
  args,
  folder,
  server,
}: {
  args: readonly string[]
  folder: string
  server: OpenAiServer
}): Promise<{ out: string; tally: Tally }> {
  const command = (to: string, concurrency: number) => [
    ...['run', ...args, '-o', join(folder, to), '--endpoint', server.url, '--concurrency', `${concurrency}`],
  ]
  const out = join(folder, 'calm')
  const calm = await sluice([...command('calm', 1), '--json'])
  expect(calm.code, calm.stderr).toBe(0)
  const { tally } = JSON.parse(calm.stdout) as { tally: Tally }
  expect(tally.in + total(tally.added ?? {})).toBe(tally.out + total(tally.rejected) + total(tally.failed))
  expect(await rowsOf(join(out, 'data'))).toHaveLength(tally.out)
  const expected = await outputOf(out)
  const calls = server.paid.size

  const wide = await sluice(command('wide', 16))
  expect(wide.code, wide.stderr).toBe(0)
  expect(await outputOf(join(folder, 'wide'))).toEqual(expected)

  const before = server.totalPaid
  const { child, finished } = startSluice(command('killed', 16))
  const journalOf = join(folder, 'killed', '.sluice', 'journal')
  // The first replies are paid for before any of them is on the disk, which may be a slow one.
  while (server.totalPaid < before + calls / 2 || !(await holdsReplies(journalOf))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGKILL')
  expect((await finished).signal).toBe('SIGKILL')
  const journal = await openJournal(journalOf)
  const paid = new Map<string, number>()
  for (const [key, count] of server.paid) if (await journal.read(key)) paid.set(key, count)
  await journal.close()
  // Those in flight, and those that were being written: never more than there are rows under way.
  expect(server.totalPaid - before - paid.size).toBeLessThanOrEqual(4 * 16)
  expect(paid.size).toBeGreaterThan(0)
  expect((await sluice(command('killed', 4))).code).toBe(0)
  expect(await outputOf(join(folder, 'killed'))).toEqual(expected)
  for (const [key, count] of paid) expect(server.paid.get(key), key).toBe(count)
  return { out, tally }
}

async function holdsReplies(journal: string): Promise<boolean> {
  const names = await readdir(journal).catch((): string[] => [])
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(journal, name))).size))
  return sizes.some((size) => size > 0)
}
