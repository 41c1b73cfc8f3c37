import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Columns, findShards } from '../../../src/formats/index.js'
import { readShards } from '../../../src/formats/shards.js'
import { openJournal } from '../../../src/models/journal.js'
import { backAndForthTexts } from '../../../src/recipes/back-and-forth/texts.js'
import { curate } from '../../../src/recipes/curate.js'
import { forecast } from '../../../src/recipes/forecast.js'
import { type Tally, total } from '../../../src/run/tally.js'
import { uniform } from '../../../src/text/hash.js'
import { sluice, startSluice } from '../../cli/sluice.js'
import { collect } from '../../laws.js'
import { paragraph, writeProseShards } from '../../prose.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { recordedReplies } from '../recorded-replies.js'

const fixture = fileURLToPath(new URL('../../../fixtures/replies/back-and-forth/', import.meta.url))

let folder: string
let corpus: string
let server: OpenAiServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-back-and-forth-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 2, 60)
  server = await startOpenAiServer({ reply: toyModel, latencyMs: 3 })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

let runs = 0
let out: string
beforeEach(() => {
  out = join(folder, `run-${runs++}`)
})

const stageOf = ({ messages }: ChatRequest) =>
  (['instruct', 'score', 'rewrite'] as const).find((name) => messages[0]!.content === backAndForthTexts[name].system)

/** A model of the three stages, the same to the same; a part of what it says leaves by each rule. */
function toyModel(request: ChatRequest): string {
  const last = request.messages.at(-1)!.content
  const chance = uniform(9, last, stageOf(request)!)
  const words = last.replace(/<\/?[a-z]{6}>/g, '').match(/\b[a-z]{6,12}\b/g)!
  const word = words[Math.floor(chance * words.length)]!
  if (chance < (stageOf(request) === 'rewrite' ? 0.2 : 0.06)) return 'As an AI language model, I cannot answer.'
  if (stageOf(request) === 'instruct') return `How do ${word} and ${words[3]} depend on ${words[5]}?`
  if (stageOf(request) === 'rewrite') return `In short, the ${word} follows from what the ${words[7]} is like.`
  if (chance < 0.15) return 'A fine answer.\nScore: 10502'
  return `It is about ${word}.\nScore: ${chance < 0.25 ? 1 : chance < 0.4 ? 3 : chance < 0.55 ? 4 : 5}`
}

const settings = { select: 70, minChars: 200, seed: 2, model: 'openai:toy' }
const command = (to: string, concurrency: number) => [
  ...['run', 'back-and-forth', corpus, '-o', to, '--select', '70', '--min-chars', '200', '--seed', '2'],
  ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', String(concurrency)],
]
const rowsOf = async (path: string) => (await collect(readShards(await findShards([path])))) as Columns[]
const outputOf = async (of: string) => {
  const names = ['README.md', 'rejects.parquet', ...(await readdir(join(of, 'data'))).map((name) => `data/${name}`)]
  return Object.fromEntries(await Promise.all(names.map(async (n) => [n, await readFile(join(of, n), 'base64')])))
}

it('goes through the stages as recorded in fixtures/replies, row for row', async () => {
  const recorded = await startOpenAiServer({
    reply: recordedReplies(join(fixture, 'replies.jsonl'), backAndForthTexts),
  })
  const done = await sluice([
    ...['run', 'back-and-forth', join(fixture, 'texts.jsonl'), '-o', out, '--json'],
    ...['--config', join(fixture, 'run.yaml'), '--endpoint', recorded.url],
  ])
  await recorded.close()
  expect(done.code, done.stderr).toBe(0)
  expect((JSON.parse(done.stdout) as { tally: Tally }).tally).toEqual({
    in: 6,
    out: 2,
    rejected: {
      'select: fewer than 150 characters': 1,
      'score: no whole score from 1 to 5': 1,
      'select: scored 1': 1,
      'select: scored 3': 1,
    },
    failed: {},
  })
  const rows = await rowsOf(join(out, 'data'))
  expect(rows.map(({ id, instruction, score }) => [id, instruction, score])).toEqual([
    ['texts.jsonl#0/0', 'Why should bread cool before it is cut?', 5],
    ['texts.jsonl#2/0', 'What are tides, and when is their range greatest?', 5],
  ])
  expect(rows[1]).toMatchObject({
    text: expect.stringMatching(/^A tide is/),
    output: expect.stringMatching(/^Tides are/),
    messages: [
      { role: 'user', content: rows[1]!.instruction },
      { role: 'assistant', content: rows[1]!.output },
    ],
  })
}, 60_000)

describe('a whole run', () => {
  it('accounts for every row, by rule, and gives the same bytes at any concurrency and after a kill', async () => {
    const calm = await sluice([...command(out, 1), '--json'])
    expect(calm.code, calm.stderr).toBe(0)
    const { tally } = JSON.parse(calm.stdout) as { tally: Tally }
    expect(tally.in).toBe(120)
    expect(tally.out).toBeGreaterThan(15)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    const rules = ['instruct: refusal', 'score: no score', 'score: no whole score from 1 to 5', 'rewrite: refusal']
    for (const rule of [...rules, 'select: scored 1', 'select: scored 3', 'select: scored 4']) {
      expect(Object.keys(tally.rejected)).toContain(rule)
    }
    const rows = await rowsOf(join(out, 'data'))
    for (const { id, text, score } of rows) {
      const [, shard, at] = /^shard-(\d)\.jsonl#(\d+)\/0$/.exec(String(id))!
      expect(text).toBe(paragraph(`${shard}-${at}`))
      expect(score).toBe(5)
    }
    const expected = await outputOf(out)
    const calls = server.paid.size

    const wide = join(folder, `run-${runs++}`)
    expect((await sluice(command(wide, 16))).code).toBe(0)
    expect(await outputOf(wide)).toEqual(expected)

    const killed = join(folder, `run-${runs++}`)
    const before = server.totalPaid
    const { child, finished } = startSluice(command(killed, 16))
    while (server.totalPaid < before + calls / 2) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGKILL')
    expect((await finished).signal).toBe('SIGKILL')
    const journal = await openJournal(join(killed, '.sluice', 'journal'))
    const paid = new Map<string, number>()
    for (const [key, count] of server.paid) if (await journal.read(key)) paid.set(key, count)
    await journal.close()
    expect(paid.size).toBeGreaterThan(0)
    expect((await sluice(command(killed, 4))).code).toBe(0)
    expect(await outputOf(killed)).toEqual(expected)
    for (const [key, count] of paid) expect(server.paid.get(key), key).toBe(count)
  }, 180_000)

  it('pays no reply again when it is stopped and goes on', async () => {
    const own = await startOpenAiServer({ reply: toyModel, latencyMs: 3 })
    const run = (signal?: AbortSignal) =>
      curate({
        recipe: 'back-and-forth',
        inputs: [corpus],
        out,
        config: { ...settings, endpoint: own.url },
        machine: { concurrency: 4 },
        ...(signal && { signal }),
      })
    const stop = new AbortController()
    const stopped = run(stop.signal).then(
      () => 'done',
      () => 'stopped',
    )
    while (own.totalPaid < 40) await new Promise((resolve) => setTimeout(resolve, 2))
    stop.abort()
    expect(await stopped).toBe('stopped')
    await run()
    expect(Math.max(...own.paid.values())).toBe(1)
    expect(own.totalPaid).toBe(own.paid.size)
    await own.close()
  }, 60_000)

  it('samples each stage as published, and keeps more where --min-score is lower', async () => {
    const from = server.seen.length
    const config = { ...settings, select: 30, minScore: 4, endpoint: server.url }
    const { tally } = await curate({ recipe: 'back-and-forth', inputs: [corpus], out, config })
    expect(tally.rejected).not.toHaveProperty('select: scored 4')
    expect((await rowsOf(join(out, 'data'))).map(({ score }) => score)).toContain(4)
    const asked = (name: string) => server.seen.slice(from).find(({ body }) => stageOf(body as ChatRequest) === name)!
    expect(asked('instruct').body).toMatchObject({ temperature: 0.7, top_p: 0.9 })
    expect(asked('score').body).toMatchObject({ temperature: 0, top_p: 1 })
    expect(asked('rewrite').body).toMatchObject({ temperature: 1, top_p: 0.9 })
  }, 60_000)

  it('makes exactly the calls of its plan where every reply can be read and every score is 5', async () => {
    const reply = (request: ChatRequest) => {
      const stage = stageOf(request)
      const { content } = request.messages.at(-1)!
      if (stage === 'instruct') return 'How do the parts of this matter depend on one another?'
      return stage === 'score' ? 'It serves the request.\nScore: 5' : paragraph(content)
    }
    const kind = await startOpenAiServer({ reply })
    const config = { ...settings, endpoint: kind.url }
    const { stages, total: planned } = await forecast({ recipe: 'back-and-forth', inputs: [corpus], config })
    expect(stages.map(({ stage, calls }) => [stage, calls.high])).toEqual([
      ['instruct', 70],
      ['score', 70],
      ['rewrite', 70],
    ])
    const { calls, tally } = await curate({ recipe: 'back-and-forth', inputs: [corpus], out, config })
    await kind.close()
    expect(calls.made).toBe(planned.calls.high)
    expect(tally.out).toBe(70)
  }, 60_000)
})

it('takes a prompt of the user in the place of its own', async () => {
  const prompts = join(folder, 'prompts.yaml')
  await writeFile(prompts, 'score:\n  user: "{instruction} / {text} / Mark it."\n')
  const seen = server.seen.length
  const config = { ...settings, select: 5, prompts, endpoint: server.url }
  await curate({ recipe: 'back-and-forth', inputs: [corpus], out, config })
  const asked = server.seen.slice(seen).map(({ body }) => body as ChatRequest)
  const scored = asked.filter((request) => stageOf(request) === 'score')
  expect(scored.length).toBeGreaterThan(0)
  for (const { messages } of scored) expect(messages.at(-1)!.content).toMatch(/ \/ Mark it\.$/)
}, 60_000)
