import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Curated, curate } from '../../src/recipes/curate.js'
import { reinstructTexts } from '../../src/recipes/reinstruct/prompts.js'
import type { MachineOptions } from '../../src/recipes/resources.js'
import { total } from '../../src/run/tally.js'
import { paragraph, writeProseShards } from '../prose.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { recordedFolder, recordedRun } from './recorded-replies.js'
import { isInstructRequest, toyReply } from './toy-model.js'
import { benchFor, rowsOf } from './whole-run.js'

let folder: string
let shards: string[]
let server: OpenAiServer
let out: string
const fill = async (to: string) => {
  shards = await writeProseShards(to, 3, 80)
}
benchFor({ fill, reply: toyReply }, (bench) => {
  ;({ folder, server, out } = bench)
})
const run = (
  config: Record<string, unknown> = {},
  machine: MachineOptions = {},
  { inputs = shards, endpoint = server.url } = {},
): Promise<Curated> =>
  curate({
    recipe: 'reinstruct',
    inputs,
    out,
    config: { selector: 'light', select: 60, seed: 7, model: 'openai:toy', endpoint, ...config },
    machine,
  })
const pairs = () => rowsOf(join(out, 'data'))
const rejects = () => rowsOf(join(out, 'rejects.parquet'))
const dataBytes = () => readFile(join(out, 'data', 'train-00000-of-00001.parquet'))

it('goes through the stages as recorded in fixtures/replies, by the published rules, row for row', async () => {
  const seeds = join(recordedFolder('reinstruct'), 'seeds.jsonl')
  const flags = ['--seed-data', seeds]
  const { tally, rows } = await recordedRun('reinstruct', 'texts.jsonl', { texts: reinstructTexts, out, flags })
  expect(tally).toEqual({
    in: 8,
    out: 3,
    rejected: {
      'select: fewer than 1200 characters': 1,
      'select: not 4 to 10 paragraphs that begin with a verb': 1,
      'instruct: refusal': 1,
      'rewrite: refusal': 1,
      'filter: instruction points at something with "this"': 1,
    },
    failed: {},
  })
  expect(rows.map(({ id, source, instruction }) => [id, source, instruction])).toEqual([
    ['texts.jsonl#0/0', 'synthetic', 'How do I lay a gravel path in the garden so that it lasts?'],
    ['seed:seeds.jsonl#0/0', 'seed', 'Name two ways to keep cut flowers fresh.'],
    ['seed:seeds.jsonl#0/1', 'seed', 'Name two ways to keep cut flowers fresh.'],
  ])
  expect(rows[0]).toMatchObject({
    text: expect.stringMatching(/^A gravel path takes/),
    output: expect.stringMatching(/^Start with the bed/),
  })
}, 60_000)

describe('reinstruct', () => {
  it('writes a pair for each chosen text, from what the model answered', async () => {
    const { tally, calls } = await run()
    const rows = await pairs()
    expect(rows.length).toBe(tally.out)
    expect(rows.length).toBeGreaterThan(40)
    for (const row of rows) {
      const [, shard, at] = /^shard-(\d)\.jsonl#(\d+)\/0$/.exec(String(row.id))!
      expect(row.text).toBe(paragraph(`${shard}-${at}`))
      expect(row.instruction).toMatch(/^How do \w+ and \w+ depend on \w+\?$/)
      expect(row.output).toMatch(/^In short, the \w+ follows/)
      expect(row.source).toBe('synthetic')
      expect((row.messages as { role: string; content: string }[]).map(({ role }) => role)).toEqual([
        'system',
        'user',
        'assistant',
      ])
    }
    expect(tally.in).toBe(240)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    expect(tally.rejected['instruct: refusal']).toBeGreaterThan(0)
    expect(calls.journalled).toBe(0)
  })

  it('shows in the card what the model was asked and answered, beside the plan', async () => {
    const { calls } = await run()
    const card = await readFile(join(out, 'README.md'), 'utf8')
    const line = (stage: string) => new RegExp(`\\n\\| ${stage} \\|(.*)\\|\\n`).exec(card)![1]!.split('|').map(Number)
    const [replies, planned, read, promptTokens, , completionTokens] = line('all')
    expect(replies).toBe(calls.made)
    expect([promptTokens, completionTokens]).toEqual([calls.promptTokens, calls.completionTokens])
    expect(planned).toBe(60 + 54)
    expect(read).toBeLessThan(replies!)
    expect(line('instruct').slice(0, 2)).toEqual([60, 60])
    expect(line('rewrite')[0]).toBe(line('instruct')[2])
  })

  it('lists every lost row with its stage and reason', async () => {
    const { tally } = await run()
    const rows = await rejects()
    const counted = total(tally.rejected) + total(tally.failed) - tally.rejected['choose: not chosen']!
    expect(rows.length).toBe(counted)
    for (const { id, outcome, stage, reason } of rows) {
      expect(id).toMatch(/^shard-\d\.jsonl#\d+$/)
      expect(outcome).toBe('rejected')
      expect(tally.rejected[`${stage}: ${reason}`]).toBeGreaterThan(0)
    }
  })

  it('gives the same bytes with the shards in another order', async () => {
    await run()
    const one = await dataBytes()
    out = `${out}-again`
    await run({}, {}, { inputs: [...shards].reverse() })
    expect((await dataBytes()).equals(one)).toBe(true)
  })

  it('is done when called again, and asks nothing', async () => {
    await run()
    const before = server.totalPaid
    const again = await run()
    expect(again.wasDone).toBe(true)
    expect(server.totalPaid).toBe(before)
  })

  it('asks nothing twice when runs share a journal, after a later stage was edited', async () => {
    const journal = join(folder, 'shared-journal')
    await run({}, { journal })
    const before = server.totalPaid
    out = `${out}-again`
    const { calls } = await run({ removeRefusals: true }, { journal })
    expect(server.totalPaid).toBe(before)
    expect(calls).toMatchObject({ made: 0, requests: 0, journalled: expect.any(Number) })
    expect(calls.journalled).toBeGreaterThan(100)
  })

  it('asks for several instructions and takes the one most like the text', async () => {
    const before = server.seen.length
    const { tally } = await run({ samples: 3, select: 10, temperature: 0.5 })
    const asked = server.seen.slice(before).filter(({ body }) => {
      return isInstructRequest((body.messages as { content: string }[]).at(-1)!.content)
    })
    expect(asked).toHaveLength(30)
    expect(tally.out).toBeGreaterThan(5)
  })

  it('lets an instruction go that is nothing like its text', async () => {
    const { tally } = await run({ minSimilarity: 0.99, select: 10 })
    expect(tally.out).toBe(0)
    expect(tally.rejected['instruct: no instruction is about the text']).toBeGreaterThan(5)
  })

  it('mixes seed pairs in twice, tagged as such, and rejects those without an answer', async () => {
    const seeds = join(folder, 'seeds.jsonl')
    const lines = [
      { instruction: 'Name a colour.', output: 'Blue.' },
      { instruction: 'Add the numbers.', input: '2 and 3', output: '5' },
      { instruction: 'Say nothing.', output: '' },
    ]
    await writeFile(seeds, lines.map((line) => JSON.stringify(line)).join('\n'))
    const { tally } = await run({ seedData: seeds, select: 10 })
    const mixed = (await pairs()).filter(({ source }) => source === 'seed')
    expect(mixed.map(({ id, instruction }) => [id, instruction])).toEqual([
      ['seed:seeds.jsonl#0/0', 'Name a colour.'],
      ['seed:seeds.jsonl#0/1', 'Name a colour.'],
      ['seed:seeds.jsonl#1/0', 'Add the numbers.\n\n2 and 3'],
      ['seed:seeds.jsonl#1/1', 'Add the numbers.\n\n2 and 3'],
    ])
    expect(tally.rejected['seed: no instruction or no output']).toBe(2)
    expect(tally.in).toBe(240 + 6)
    const tags = new Set((await pairs()).map(({ messages }) => (messages as { content: string }[])[0]!.content))
    expect(tags.size).toBe(2)
  })

  it('tags in Chinese where it asks in Chinese', async () => {
    const seeds = join(folder, 'seeds-zh.jsonl')
    await writeFile(seeds, JSON.stringify({ instruction: '说出一种颜色。', output: '蓝色。' }))
    await run({ seedData: seeds, select: 10, language: 'zh' })
    const rows = await pairs()
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['synthetic', 'seed']))
    for (const { messages } of rows) {
      expect((messages as { content: string }[])[0]!.content).toMatch(/^\p{Script=Han}[\p{Script=Han}，]+。$/u)
    }
  })

  it('loses no row to a server that fails three calls in ten', async () => {
    const faults = { '429': 0.06, '503': 0.06, reset: 0.06, html: 0.04, empty: 0.04, 'bad-json': 0.04 }
    const faulty = await startOpenAiServer({ reply: toyReply, faults })
    await run({ select: 20 }, { concurrency: 16 }, { endpoint: faulty.url })
    const rows = await pairs()
    await faulty.close()
    expect(Math.max(...faulty.paid.values())).toBe(1)
    out = `${out}-again`
    await run({ select: 20 })
    expect(rows).toEqual(await pairs())
  }, 120_000)

  it('lists rows that could not be answered as failed, with what was tried', async () => {
    const refusing = await startOpenAiServer({ reply: toyReply, faults: { 400: 0.3 } })
    const { tally } = await run({ select: 20 }, {}, { endpoint: refusing.url })
    await refusing.close()
    const failed = (await rejects()).filter(({ outcome }) => outcome === 'failed')
    expect(failed.length).toBe(total(tally.failed))
    expect(failed.length).toBeGreaterThan(2)
    for (const { attempts, status } of failed) expect({ attempts, status }).toEqual({ attempts: 1, status: 400 })
  })
})
