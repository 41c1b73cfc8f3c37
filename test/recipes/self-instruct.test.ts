import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Curated, curate } from '../../src/recipes/curate.js'
import { forecast } from '../../src/recipes/forecast/forecast.js'
import type { MachineOptions } from '../../src/recipes/resources.js'
import { selfInstructTexts } from '../../src/recipes/self-instruct/prompts.js'
import { total } from '../../src/run/tally.js'
import { rougeL } from '../../src/select/rouge.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { recordedRun } from './recorded-replies.js'
import { toyTasks, toyTasksZh } from './toy-model.js'
import { benchFor, expectSameBytes, rowsOf } from './whole-run.js'

let folder: string
let server: OpenAiServer
let out: string
benchFor({ fill: async () => {}, reply: toyTasks }, (bench) => {
  ;({ folder, server, out } = bench)
})
const run = (
  config: Record<string, unknown> = {},
  machine: MachineOptions = {},
  { inputs = [] as string[], endpoint = server.url } = {},
): Promise<Curated> =>
  curate({
    ...{ recipe: 'self-instruct', inputs, out, machine },
    config: { instructions: 40, seed: 7, model: 'openai:toy', endpoint, ...config },
  })
const dataBytes = () => readFile(join(out, 'data', 'train-00000-of-00001.parquet'))

it.each([
  {
    name: 'self-instruct',
    tooShort: 'fewer than 4 words',
    instances: [
      ['Letter: Please pay 40 euros by Friday.', 'bill'],
      ['Letter: We would be glad to see you on Friday.', 'invitation'],
      ['Name: Ida', 'To Ida, who taught the roses manners.'],
    ],
  },
  {
    name: 'self-instruct-zh',
    tooShort: 'fewer than 6 characters',
    instances: [
      ['来信：请于周五前付清四十元。', '账单'],
      ['来信：周五晚上盼您光临。', '请柬'],
      ['名字：老陈', '敬老陈，是他教会了玫瑰规矩。'],
    ],
  },
])(
  'asks its questions as recorded in fixtures/replies of $name, row for row',
  async ({ name, tooShort, instances }) => {
    const { tally, rows } = await recordedRun('self-instruct', 'tasks.jsonl', { name, texts: selfInstructTexts, out })
    expect(tally).toEqual({
      in: 8,
      out: 3,
      added: { 'grow: proposed by the model': 5, 'instances: more than one of a task': 2 },
      rejected: {
        'seed-pairs: shown to the model only': 8,
        'grow: asks for more than text': 1,
        'grow: like a task of the pool': 1,
        [`grow: ${tooShort}`]: 1,
        'instances: empty output': 1,
      },
      failed: {},
    })
    expect(rows.map(({ id }) => id)).toEqual(['request-0000000/0/0', 'request-0000000/0/1', 'request-0000000/3/0'])
    expect(rows.map(({ input, output }) => [input, output])).toEqual(instances)
  },
  60_000,
)

describe('self-instruct', () => {
  it('grows new tasks out of the bundled ones and gives each its instances', async () => {
    const { tally } = await run()
    const rows = await rowsOf(join(out, 'data'))
    const machine = rows.filter(({ source }) => source === 'machine')
    expect(rows.length - machine.length).toBe(175)
    const tasks = [...new Set(machine.map(({ instruction }) => String(instruction)))]
    expect(tasks.length).toBeGreaterThan(30)
    for (const [n, one] of tasks.entries()) {
      for (const other of tasks.slice(0, n)) expect(rougeL(one, other).f).toBeLessThanOrEqual(0.7)
    }
    for (const { id, messages, completion, output, prompt, instruction } of machine) {
      expect(id).toMatch(/^request-\d{7}\/\d\/\d$/)
      expect((messages as { content: string }[])[1]!.content).toBe(output)
      expect(String(completion).trim()).toBe(output)
      expect(String(prompt)).toContain(String(instruction))
    }
    expect(tally.in).toBe(175)
    expect(tally.in + total(tally.added!)).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    expect(tally.rejected['grow: asks for more than text']).toBeGreaterThan(0)
    expect(tally.rejected['instances: empty output']).toBeGreaterThan(10)
  })

  it('shows the model eight tasks, none of its own at first and two of them later', async () => {
    const before = server.seen.length
    await run({ instructions: 60 })
    const asked = server.seen
      .slice(before)
      .map(({ body }) => (body.messages as { content: string }[]).at(-1)!.content)
      .filter((content) => content.startsWith('Think up tasks'))
    for (const content of asked) expect(content.match(/^\d\. ./gm)).toHaveLength(8)
    const own = (content: string) =>
      content.match(/^\d\. (?:Compare|Describe|Criticise|Rank|Plan).* the \w+ and the /gm)?.length ?? 0
    expect(asked.slice(0, 5).map(own)).toEqual([0, 0, 0, 0, 0])
    expect(Math.max(...asked.map(own))).toBeLessThanOrEqual(2)
    expect(own(asked.at(-1)!)).toBeGreaterThan(0)
    expect(server.seen[before]!.body).toMatchObject({
      temperature: 0.7,
      top_p: 0.5,
      presence_penalty: 2,
      max_tokens: 1024,
    })
  })

  it('gives the same bytes where it was stopped in the middle, and asks nothing twice', async () => {
    await run({ instructions: 50 })
    const whole = await dataBytes()
    const paid = server.totalPaid
    out = `${out}-again`
    const stop = new AbortController()
    let grown = 0
    const slow = await startOpenAiServer({ reply: toyTasks, latencyMs: 20 })
    const again = {
      recipe: 'self-instruct',
      inputs: [],
      out,
      config: { instructions: 50, seed: 7, model: 'openai:toy', endpoint: slow.url },
    }
    await expect(
      curate({
        ...again,
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === 'rows' && event.pass === 'grow') grown += event.rows
          if (grown >= 20) stop.abort()
        },
      }),
    ).rejects.toThrow()
    const before = slow.totalPaid
    expect(before).toBeGreaterThan(0)
    await curate(again)
    expect((await dataBytes()).equals(whole)).toBe(true)
    expect(Math.max(...slow.paid.values())).toBe(1)
    expect(server.totalPaid).toBe(paid)
    await slow.close()
  })

  it.each(['self-instruct', 'alpaca'])('grows Chinese tasks out of the Chinese ones (%s)', async (mode) => {
    const chinese = await startOpenAiServer({ reply: toyTasksZh })
    const { tally } = await run({ language: 'zh', mode }, {}, { endpoint: chinese.url })
    await chinese.close()
    expect(tally.in).toBe(175)
    expect(tally.rejected['grow: asks for more than text']).toBeGreaterThan(0)
    const rows = await rowsOf(join(out, 'data'))
    const machine = rows.filter(({ source }) => source === 'machine')
    expect(machine.length).toBeGreaterThanOrEqual(mode === 'alpaca' ? 40 : 60)
    for (const [n, { instruction }] of machine.entries()) {
      const others = machine.slice(0, n).filter((row) => row.instruction !== instruction)
      for (const other of others)
        expect(rougeL(String(instruction), String(other.instruction)).f).toBeLessThanOrEqual(0.7)
    }
    for (const { prompt, completion, instruction, output } of rows) {
      expect(String(instruction)).toMatch(/\p{Script=Han}/u)
      expect(String(prompt)).not.toMatch(/Task:|Input:|Output:$/)
      expect(completion).toBe(output)
    }
    const labels = new Set(machine.map(({ output }) => output))
    expect(labels.size).toBeGreaterThan(1)
  })

  it('gives the same bytes in Chinese at any concurrency, and after a kill', async () => {
    const chinese = await startOpenAiServer({ reply: toyTasksZh, latencyMs: 3 })
    const args = ['self-instruct', '--language', 'zh', '--instructions', '25', '--model', 'openai:toy']
    const { tally } = await expectSameBytes({ args, folder: out, server: chinese })
    await chinese.close()
    expect(tally.in).toBe(175)
    expect(tally.rejected).toHaveProperty('grow: asks for more than text')
  }, 180_000)

  it('refuses to read Chinese bug for bug', async () => {
    await expect(run({ language: 'zh', rules: 'strict' })).rejects.toMatchObject({ exitCode: 2 })
  })

  it('drops a reply that is cut off, and keeps no task of it', async () => {
    const cutting = await startOpenAiServer({ reply: toyTasks, script: () => 'length' })
    const { tally } = await run({}, {}, { endpoint: cutting.url })
    await cutting.close()
    expect(tally.out).toBe(175)
    expect(tally.failed['grow: reply cut off']).toBeGreaterThanOrEqual(100)
    expect(tally.added!['grow: reply without tasks']).toBe(tally.failed['grow: reply cut off'])
  })

  it('gives up, and says so, where the model has nothing new to say', async () => {
    const parrot = await startOpenAiServer({ reply: () => '9. Say the same again and again' })
    const { tally } = await run({}, {}, { endpoint: parrot.url })
    await parrot.close()
    expect(tally.failed).toEqual({ 'grow: gave up after 100 requests in a row that added nothing': 1 })
    expect(tally.rejected['grow: like a task of the pool']).toBeGreaterThan(99)
  })

  it("asks for whole tasks in Alpaca's mode, and shows three by people", async () => {
    const before = server.seen.length
    const { tally } = await run({ mode: 'alpaca', includeSeeds: false })
    const rows = await rowsOf(join(out, 'data'))
    expect(rows.length).toBe(tally.out)
    expect(rows.length).toBeGreaterThanOrEqual(40)
    expect(rows.every(({ output, input }) => /^An answer \d+$/.test(String(output)) && input === '')).toBe(true)
    expect(tally.rejected['seed-pairs: shown to the model only']).toBe(175)
    for (const { body } of server.seen.slice(before)) {
      const content = (body.messages as { content: string }[]).at(-1)!.content
      expect(content.match(/^\d\. Output:$/gm)).toHaveLength(3)
      expect(content.endsWith('###\n4. Instruction:')).toBe(true)
    }
  })

  it("grows from the user's own seed tasks in the place of the bundled ones", async () => {
    const path = join(folder, 'own.jsonl')
    const own = [
      {
        instruction: 'Name the tallest tree of the park',
        instances: [{ input: '', output: 'The oak' }],
        is_classification: false,
      },
      { instruction: 'Count the benches along the lake', input: 'a b c', output: '3' },
      { instruction: 'No output, so it shows nothing' },
    ]
    await writeFile(path, own.map((row) => JSON.stringify(row)).join('\n'))
    const { tally } = await run({ instructions: 10 }, {}, { inputs: [path] })
    const seeds = (await rowsOf(join(out, 'data'))).filter(({ source }) => source === 'seed')
    expect(seeds.map(({ output }) => output)).toEqual(['The oak', '3'])
    expect(tally.rejected['seed: no output']).toBe(1)
    const lost = await rowsOf(join(out, 'rejects.parquet'))
    expect(lost).toContainEqual(expect.objectContaining({ id: 'own.jsonl#2', reason: 'no output' }))
  })

  it('grows classifications alone from those among the seeds', async () => {
    const before = server.seen.length
    await run({ only: 'classification', instructions: 10 })
    const first = (server.seen[before]!.body.messages as { content: string }[]).at(-1)!.content
    expect(first).toContain('choose among a few answers')
  })

  it('plans as many classifications and instances as tasks are wanted', async () => {
    const plan = await forecast({
      recipe: 'self-instruct',
      inputs: [],
      config: { instructions: 400, model: 'openai:toy' },
    })
    expect(plan.stages.map(({ stage, calls }) => [stage, calls.expected])).toEqual([
      ['grow', 100],
      ['classify', 400],
      ['instances', 400],
    ])
    expect(plan.total.promptTokens.expected).toBeGreaterThan(100_000)
  })
})
