import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scanSegment } from '../../src/models/journal-scan.js'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { sluice, startSluice } from './sluice.js'

let folder: string
let corpus: string
let server: OpenAiServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-limits-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 2, 60)
  server = await startOpenAiServer({ reply: toyReply })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const command = (out: string, ...more: string[]) => [
  ...['run', 'reinstruct', corpus, '-o', join(folder, out), '--selector', 'light', '--select', '30', '--seed', '7'],
  ...['-q', '--model', 'openai:toy', '--endpoint', server.url, ...more],
]
const shard = (out: string) => readFile(join(folder, out, 'data', 'train-00000-of-00001.parquet'))

describe('a limit', () => {
  it('holds for a run, however many commands it takes; a higher one goes on, to the bytes of a run without', async () => {
    expect((await sluice(command('free'))).code).toBe(0)
    const needed = server.totalPaid
    const limited = (most: number) => command('limited', '--max-requests', String(most), '--json')
    const stopped = await sluice(limited(20))
    expect(stopped.code).toBe(8)
    expect(stopped.stderr).toMatch(/limit of 20 requests is reached: 20 requests[\s\S]*raise that limit/)
    expect(stopped.stderr.trimEnd().split('\n').at(-1)!.trim()).toBe(`sluice ${limited(20).join(' ')}`)
    expect((await sluice(limited(20))).code).toBe(8)
    expect(server.totalPaid).toBe(needed + 20)
    expect((await sluice(limited(30))).code).toBe(8)
    expect(server.totalPaid).toBe(needed + 30)
    const done = await sluice(limited(needed))
    expect(done.code, done.stderr).toBe(0)
    // What this command asked, and not what those before did.
    expect(JSON.parse(done.stdout).calls).toMatchObject({ requests: needed - 30, journalled: 30 })
    expect(server.totalPaid).toBe(2 * needed)
    expect((await shard('limited')).equals(await shard('free'))).toBe(true)
  })

  it('counts what a run had spent when it was killed', async () => {
    const slow = await startOpenAiServer({ reply: toyReply, latencyMs: 300 })
    const args = command('killed', '--endpoint', slow.url, '--concurrency', '2')
    const { child, finished } = startSluice(args)
    const spent = join(folder, 'killed', '.sluice', 'spent.json')
    while (!(await readFile(spent, 'utf8').catch(() => ''))) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGKILL')
    await finished
    const { requests } = JSON.parse(await readFile(spent, 'utf8'))
    expect(requests).toBeGreaterThan(0)
    const before = slow.seen.length
    expect((await sluice([...args, '--max-requests', String(requests + 3)])).code).toBe(8)
    expect(slow.seen.length - before).toBeLessThanOrEqual(3)
    await slow.close()
  })

  it('counts each reply in the journal of a run that was killed, however soon', async () => {
    const quick = await startOpenAiServer({ reply: toyReply, latencyMs: 15 })
    const most = 40
    const limited = command('killed-early', '--endpoint', quick.url, '--concurrency', '4', '--max-requests', `${most}`)
    const journal = join(folder, 'killed-early', '.sluice', 'journal')
    const keptReplies = async () => {
      let kept = 0
      const segments = await readdir(journal).catch(() => [])
      for (const segment of segments) await scanSegment(join(journal, segment), () => kept++)
      return kept
    }
    for (const wanted of [6, 12]) {
      const { child, finished } = startSluice(limited)
      while ((await keptReplies()) < wanted) await new Promise((resolve) => setTimeout(resolve, 1))
      child.kill('SIGKILL')
      await finished
    }
    const kept = await keptReplies()
    const before = quick.seen.length
    const { code, stderr } = await sluice(limited)
    await quick.close()
    expect(code, stderr).toBe(8)
    expect(quick.seen.length - before).toBeLessThanOrEqual(most - kept)
    // And none is counted twice, but that as many are taken to be under way at each kill as have places.
    expect(quick.seen.length).toBeGreaterThanOrEqual(most - 2 * 4)
  }, 60_000)

  it('of requests and tokens in a minute changes no byte', async () => {
    const rates = ['--requests-per-minute', '6000', '--tokens-per-minute', '6000000']
    const before = server.seen.length
    expect((await sluice(command('slow', ...rates))).code).toBe(0)
    expect(server.seen.length).toBeGreaterThan(before)
    expect((await shard('slow')).equals(await shard('free'))).toBe(true)
  }, 60_000)

  it('in dollars needs a price, and takes one from a file', async () => {
    const unknown = await sluice(command('priced', '--max-cost', '1'))
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toMatch(/price of openai:toy.*not known[\s\S]*--prices/)
    const prices = join(folder, 'prices.yaml')
    await writeFile(prices, 'openai:toy: {input: 1000, output: 1000}\n')
    const { code, stderr } = await sluice(command('priced', '--max-cost', '1', '--prices', prices))
    expect(code).toBe(8)
    expect(stderr).toMatch(/limit of 1 dollars/)
  })
})

describe('a run whose replies cannot be read', () => {
  it('says so aloud and early, with one of them, also when it is to be quiet', async () => {
    const mute = await startOpenAiServer({ reply: () => 'As an AI language model, I cannot \u001b[31manswer.' })
    const out = join(folder, 'mute')
    const { stderr, code } = await sluice([...command('mute'), '--endpoint', mute.url])
    await mute.close()
    expect(code).toBe(0)
    expect(stderr).toMatch(/warning: instruct: 0 of 20 replies could be read.*refusal.*As an AI language model/)
    expect(stderr.match(/warning:/g)).toHaveLength(1)
    expect(stderr).not.toContain('\u001b[31m')
    expect(await readFile(join(out, 'README.md'), 'utf8')).toMatch(/\| instruct \| 30 \| 30 \| 0 \|/)
  })
})
