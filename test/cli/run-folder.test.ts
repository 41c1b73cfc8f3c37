import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { collect } from '../laws.js'
import { paragraph, writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { type Fault, type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { sluice } from './sluice.js'

let folder: string
let corpus: string
let server: OpenAiServer
let fault: ((attempt: number) => Fault | undefined) | undefined
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-run-folder-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 2, 60)
  server = await startOpenAiServer({ reply: toyReply, script: (attempt) => fault?.(attempt) })
  expect((await run('calm')).code).toBe(0)
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const at = (out: string) => join(folder, out)
const run = (out: string, ...more: string[]) =>
  sluice([
    ...['run', 'reinstruct', corpus, '-o', at(out), '--selector', 'light', '--select', '40', '--seed', '7', '-q'],
    ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', '4', ...more],
  ])
const read = async (...path: string[]) => (await collect(readShards(await findShards([join(...path)])))) as Columns[]

/** Everything that is shown of a run, byte for byte. */
async function shown(out: string): Promise<Record<string, string>> {
  const names = (await readdir(at(out), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.sluice'))
    .map((entry) => join(entry.parentPath, entry.name))
  const files = await Promise.all(names.sort().map(async (name) => [name, await readFile(name, 'base64')] as const))
  return Object.fromEntries(files.map(([name, bytes]) => [name.slice(at(out).length), bytes]))
}

async function flip(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[offset]! ^= 0x10
  await chmod(path, 0o644)
  await writeFile(path, bytes)
}

describe('sluice status', () => {
  it('tells a run that is done, with what became of its rows', async () => {
    const { code, stdout } = await sluice(['status', at('calm'), '--json'])
    expect(code).toBe(0)
    const status = JSON.parse(stdout)
    expect(status).toMatchObject({ recipe: 'reinstruct', state: 'done', tally: { in: 120 } })
    for (const { tasks, committed } of status.passes) expect(committed).toBe(tasks)
    expect((await sluice(['status', at('calm')])).stdout).toMatch(/reinstruct: done[\s\S]*rows out/)
  })

  it('tells a run that was stopped how far it has come', async () => {
    expect((await run('stopped', '--max-requests', '5')).code).toBe(8)
    const { stdout } = await sluice(['status', at('stopped')])
    expect(stdout).toMatch(/reinstruct: stopped; the command that began it resumes it/)
    expect(stdout).toMatch(/\nfetch +2 of 2 tasks\nwrite +0 of 1 tasks\nfinish +0 of \? tasks\n/)
  })

  it('refuses a folder that no run has made', async () => {
    const file = join(folder, 'picked.parquet')
    await writeFile(file, '')
    for (const args of [
      ['status', corpus],
      ['verify', corpus],
      ['retry', corpus],
      ['verify', file],
      ['explain', file, 'a'],
    ]) {
      const [verb] = args
      const { code, stderr } = await sluice(args)
      expect(code, verb).toBe(2)
      expect(stderr, verb).toMatch(/is not the folder of a run/)
    }
  })
})

describe('sluice verify', () => {
  it('reads everything and finds nothing wrong with a run as it was made', async () => {
    const { code, stdout } = await sluice(['verify', at('calm'), '--json'])
    expect(code).toBe(0)
    const rows = (await read(at('calm'), 'data')).length
    expect(JSON.parse(stdout)).toMatchObject({ damaged: [], missing: 0, rows })
  })

  it('names every shard and file with a flipped bit, and a journal', async () => {
    const files = ['data/train-00000-of-00001.parquet', 'rejects.parquet', '.sluice/journal/000001.journal']
    for (const name of files) {
      const out = `damaged-${files.indexOf(name)}`
      await cp(at('calm'), at(out), { recursive: true })
      await flip(join(at(out), name), 200)
      const { code, stderr, stdout } = await sluice(['verify', at(out)])
      expect(code, name).toBe(3)
      expect(stderr + stdout, name).toContain(name.replace('/000001.journal', ''))
      const named = /damaged: (.*)/.exec(stderr)![1]!.split(', ')
      expect(new Set(named).size, name).toBe(named.length)
    }
  })

  it('needs no artifacts of a run that is done', async () => {
    await cp(at('calm'), at('lean'), { recursive: true })
    await rm(join(at('lean'), '.sluice', 'artifacts'), { recursive: true })
    const { code, stdout } = await sluice(['verify', at('lean')])
    expect(code).toBe(0)
    expect(stdout).toMatch(/no longer kept/)
  })
})

describe('sluice explain', () => {
  const explain = async (id: string, out = 'calm') => {
    const { code, stdout, stderr } = await sluice(['explain', at(out), id, '--json'])
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout)
  }

  it('tells of a row of the result all the way from its shard', async () => {
    const before = server.seen.length
    const [row] = await read(at('calm'), 'data')
    const told = await explain(String(row!.id))
    const [, shard, number] = /^(.*)#(\d+)\/0$/.exec(String(row!.id))!
    expect(told.source).toMatchObject({ shard, row: Number(number), columns: { text: row!.text } })
    expect(told.choice).toMatchObject({ isChosen: true, cluster: row!.cluster })
    expect(told.choice.distance).toBeCloseTo(Number(row!.distance), 5)
    expect(told.asked.map(({ call }: { call: { stage: string } }) => call.stage)).toEqual(['instruct', 'rewrite'])
    expect(told.asked[0].reply.text).toBe(row!.instruction)
    expect(told.asked[1].reply.text).toBe(row!.output)
    expect(told.asked[0].call.messages.at(-1).content).toContain(row!.text)
    expect(told.asked[0].reply.usage.promptTokens).toBeGreaterThan(50)
    expect(told.rows).toEqual([expect.objectContaining({ id: row!.id })])
    expect(told.lost).toEqual([])
    expect(server.seen).toHaveLength(before)
    const { stdout } = await sluice(['explain', at('calm'), String(row!.id)])
    expect(stdout).toContain(`row ${number} of`)
    expect(stdout).toContain(`reply: ${row!.instruction}`)
  })

  it('tells of rows that were rejected, and of one that was merely not chosen', async () => {
    const lost = (await read(at('calm'), 'rejects.parquet')).find(({ stage }) => stage === 'instruct')!
    const told = await explain(String(lost.id))
    expect(told.lost).toEqual([
      expect.objectContaining({ outcome: 'rejected', stage: 'instruct', reason: lost.reason }),
    ])
    expect(told.asked).toHaveLength(1)
    expect(told.rows).toEqual([])
    const known = new Set(
      [...(await read(at('calm'), 'rejects.parquet')), ...(await read(at('calm'), 'data'))].map((row) =>
        String(row.id).replace(/\/0$/, ''),
      ),
    )
    const other = Array.from({ length: 60 }, (_, n) => `shard-1.jsonl#${n}`).find((id) => !known.has(id))!
    const left = await explain(other)
    expect(left.choice).toMatchObject({ isChosen: false })
    expect(left.source.columns.text).toBe(paragraph(`1-${other.split('#')[1]}`))
    expect(left.asked).toEqual([])
  })

  it('refuses an id that the run does not know', async () => {
    const { code, stderr } = await sluice(['explain', at('calm'), 'nowhere.jsonl#9'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/knows no row "nowhere\.jsonl#9"/)
  })
})

describe('sluice retry', () => {
  it('asks about the failed rows alone, and ends with the bytes of a run in which none failed', async () => {
    let asked = 0
    fault = () => (++asked % 5 === 0 ? '400' : undefined)
    const failing = await run('failing')
    fault = undefined
    expect(failing.code).toBe(1)
    const failed = (await read(at('failing'), 'rejects.parquet')).filter(({ outcome }) => outcome === 'failed')
    expect(failed.length).toBeGreaterThan(5)
    const paidFor = server.totalPaid
    const { code, stderr } = await sluice(['retry', at('failing'), '-q'])
    expect(code, stderr).toBe(0)
    // A row that failed at its first question has a second one to come.
    expect(server.totalPaid - paidFor).toBeLessThanOrEqual(2 * failed.length)
    expect(Math.max(...server.paid.values())).toBeLessThanOrEqual(3)
    expect(await shown('failing')).toEqual(await shown('calm'))
    expect((await run('failing')).stderr).not.toMatch(/error/)
    expect(JSON.parse((await sluice(['verify', at('failing'), '--json'])).stdout).damaged).toEqual([])
    expect((await sluice(['retry', at('failing')])).stderr).toMatch(/Already done/)
  }, 60_000)

  it('reads the shards as the run did, but for what its own flags say', async () => {
    const parquet = join(folder, 'corpus.parquet')
    expect((await sluice(['convert', corpus, '-o', parquet, '-q'])).code).toBe(0)
    const args = ['run', 'reinstruct', parquet, '-o', at('trusting'), '--selector', 'light', '--select', '10', '-q']
    const model = ['--model', 'openai:toy', '--endpoint', server.url, '--max-failed', '1']
    fault = (attempt) => (attempt === 1 ? '400' : undefined)
    expect((await sluice([...args, ...model, '--limit-columns', '7'])).code).toBe(0)
    fault = undefined
    const plan = join(at('trusting'), '.sluice', 'plan.json')
    expect(JSON.parse(await readFile(plan, 'utf8')).reading).toEqual({ limits: { columns: 7 } })
    // As if the run had been given less than the file needs.
    await writeFile(plan, (await readFile(plan, 'utf8')).replace('"columns": 7', '"columns": 0'))
    const refused = await sluice(['retry', at('trusting'), '-q'])
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('--limit-columns')])
    const done = await sluice(['retry', at('trusting'), '-q', '--limit-columns', '5'])
    expect(done.code, done.stderr).toBe(0)
  })

  it('says 1 while more rows fail than may, and keeps what was shown until there is better', async () => {
    let asked = 0
    fault = () => (++asked % 4 === 0 ? '400' : undefined)
    expect((await run('stubborn')).code).toBe(1)
    const before = await shown('stubborn')
    fault = () => '401'
    expect((await sluice(['retry', at('stubborn'), '-q'])).code).toBe(4)
    expect(await shown('stubborn')).toEqual(before)
    fault = () => '400'
    expect((await sluice(['retry', at('stubborn'), '-q'])).code).toBe(1)
    expect((await sluice(['retry', at('stubborn'), '-q', '--max-failed', '1'])).code).toBe(0)
    fault = undefined
    expect((await sluice(['retry', at('stubborn'), '-q'])).code).toBe(0)
    expect(await shown('stubborn')).toEqual(await shown('calm'))
  }, 60_000)
})
