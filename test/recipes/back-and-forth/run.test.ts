import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { backAndForthTexts } from '../../../src/recipes/back-and-forth/texts.js'
import { curate } from '../../../src/recipes/curate.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { paragraph, writeProseShards } from '../../prose.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { recordedRun } from '../recorded-replies.js'
import { stageOf, toyBackAndForth } from '../toy-model.js'
import { benchFor, expectSameBytes, rowsOf } from '../whole-run.js'

let folder: string
let corpus: string
let server: OpenAiServer
let out: string
benchFor({ fill: (to) => writeProseShards(to, 2, 60), reply: toyBackAndForth }, (bench) => {
  ;({ folder, corpus, server, out } = bench)
})

const settings = { select: 70, minChars: 200, seed: 2, model: 'openai:toy' }

it('goes through the stages as recorded in fixtures/replies, row for row', async () => {
  const { tally, rows } = await recordedRun('back-and-forth', 'texts.jsonl', { texts: backAndForthTexts, out })
  expect(tally).toEqual({
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
    const args = [
      'back-and-forth',
      corpus,
      '--select',
      '70',
      '--min-chars',
      '200',
      '--seed',
      '2',
      '--model',
      'openai:toy',
    ]
    const { tally, out: calm } = await expectSameBytes({ args, folder: out, server })
    expect(tally.in).toBe(120)
    expect(tally.out).toBeGreaterThan(15)
    const rules = ['instruct: refusal', 'score: no score', 'score: no whole score from 1 to 5', 'rewrite: refusal']
    for (const rule of [...rules, 'select: scored 1', 'select: scored 3', 'select: scored 4']) {
      expect(Object.keys(tally.rejected)).toContain(rule)
    }
    for (const { id, text, score } of await rowsOf(join(calm, 'data'))) {
      const [, shard, at] = /^shard-(\d)\.jsonl#(\d+)\/0$/.exec(String(id))!
      expect(text).toBe(paragraph(`${shard}-${at}`))
      expect(score).toBe(5)
    }
  }, 180_000)

  it('pays no reply again when it is stopped and goes on', async () => {
    const own = await startOpenAiServer({ reply: toyBackAndForth, latencyMs: 3 })
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
