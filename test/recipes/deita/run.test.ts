import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { staticEmbedder } from '../../../src/embed/static/embed.js'
import { curate } from '../../../src/recipes/curate.js'
import { deitaTexts } from '../../../src/recipes/deita/texts.js'
import { explainRow } from '../../../src/recipes/explain.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { total } from '../../../src/run/tally.js'
import { uniform } from '../../../src/text/hash.js'
import { writePairShards } from '../../pairs.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { recordedRun } from '../recorded-replies.js'
import { benchFor, expectSameBytes, rowsOf } from '../whole-run.js'

let folder: string
let corpus: string
let server: OpenAiServer
let out: string
benchFor({ fill: (to) => writePairShards(to, 2, 50), reply: toyJudge }, (bench) => {
  ;({ folder, corpus, server, out } = bench)
})

const isAbout = (name: keyof typeof deitaTexts, { messages }: ChatRequest) =>
  messages[0]!.content === deitaTexts[name].system

/** Scores by a hash of the question; one in ten is off the scale. */
function toyJudge(request: ChatRequest): string {
  const chance = uniform(3, request.messages.at(-1)!.content, isAbout('quality', request) ? 'quality' : 'complexity')
  return chance < 0.1 ? 'Score: 10' : `Score: ${1 + Math.floor(chance * 6)}`
}

it('goes through the questions as recorded in fixtures/replies, row for row', async () => {
  const { tally, rows } = await recordedRun('deita', 'pairs.jsonl', { texts: deitaTexts, out })
  expect(tally).toEqual({
    in: 6,
    out: 3,
    rejected: { 'quality: no whole score from 1 to 6': 1, 'choose: not chosen': 2 },
    failed: {},
  })
  // Row 1 is too like row 0, and row 3 scores least.
  expect(rows.map((row) => [row.sluice_id, row.sluice_complexity, row.sluice_quality, row.sluice_score])).toEqual([
    ['pairs.jsonl#0', 3, 4, 12],
    ['pairs.jsonl#2', 5, 5, 25],
    ['pairs.jsonl#5', 2, 6, 12],
  ])
  expect(rows.map(({ sluice_cluster }) => sluice_cluster)).toEqual([1, 0, 2])
  expect(rows[2]).toMatchObject({ instruction: 'Sort these numbers.', input: '4, 1, 3', output: '1, 3, 4' })
}, 60_000)

describe('a whole run', () => {
  it('accounts for every row and gives the same bytes at any concurrency and after a kill', async () => {
    const args = ['deita', corpus, '--select', '20', '--seed', '2', '--model', 'openai:toy']
    const { tally, out: calm } = await expectSameBytes({ args, folder: out, server })
    expect(tally).toMatchObject({ in: 100, out: 20 })
    const scored = {
      'complexity: no whole score from 1 to 6': expect.any(Number),
      'choose: not chosen': expect.any(Number),
    }
    expect(tally.rejected).toMatchObject({ ...scored, 'read: empty output': 2 })
    const told = await explainRow(calm, String((await rowsOf(join(calm, 'data')))[0]!.sluice_id))
    expect(told.asked.map(({ call }) => call.stage)).toEqual(['complexity', 'quality'])
    expect(told.source?.columns).toMatchObject({ instruction: told.rows[0]!.instruction })
  }, 180_000)

  it('takes what one comparison after another takes, by the scores that the server gave', async () => {
    const config = { select: 15, maxCosine: 0.8, model: 'openai:toy', endpoint: server.url }
    await curate({ recipe: 'deita', inputs: [corpus], out, config })
    const all = `${out}-all`
    await curate({ recipe: 'deita', inputs: [corpus], out: all, config: { ...config, select: 100, maxCosine: 1 } })
    const ranked = (await rowsOf(join(all, 'data'))).sort(
      (a, b) => Number(b.sluice_score) - Number(a.sluice_score) || (String(a.sluice_id) < String(b.sluice_id) ? -1 : 1),
    )
    for (const row of ranked) expect(row.sluice_score).toBe(Number(row.sluice_complexity) * Number(row.sluice_quality))
    const embedder = await staticEmbedder()
    const vectors = await embedder.embed(ranked.map(({ instruction, output }) => `${instruction}\n${output}`))
    const { dimensions } = embedder
    const cosine = (a: number, b: number) => {
      let sum = 0
      for (let k = 0; k < dimensions; k++) sum += vectors[a * dimensions + k]! * vectors[b * dimensions + k]!
      return sum
    }
    const taken: number[] = []
    for (const at of ranked.keys()) {
      if (taken.length < 15 && taken.every((other) => cosine(at, other) <= 0.8)) taken.push(at)
    }
    const chosen = (await rowsOf(join(out, 'data'))).sort((a, b) => Number(a.sluice_cluster) - Number(b.sluice_cluster))
    expect(chosen.map(({ sluice_id }) => sluice_id)).toEqual(taken.map((at) => ranked[at]!.sluice_id))
  }, 60_000)

  it('makes exactly the calls of its plan where every reply can be read', async () => {
    const kind = await startOpenAiServer({ reply: () => 'Score: 3' })
    const config = { select: 10, model: 'openai:toy', endpoint: kind.url }
    const { stages, total: planned } = await forecast({ recipe: 'deita', inputs: [corpus], config })
    expect(stages.map(({ stage, calls }) => [stage, calls.high])).toEqual([
      ['complexity', 98],
      ['quality', 98],
    ])
    const { calls } = await curate({ recipe: 'deita', inputs: [corpus], out, config })
    await kind.close()
    expect(calls.made).toBe(planned.calls.high)
  }, 60_000)
})

it('sums the scores of a conversation over its exchanges, and asks in Chinese where told to', async () => {
  const shard = join(folder, 'talks.jsonl')
  const turn = (role: string, content: string) => ({ role, content })
  const talks = [
    [
      turn('system', 'Be kind.'),
      turn('user', 'A?'),
      turn('assistant', 'a'),
      turn('user', 'B?'),
      turn('assistant', 'b'),
    ],
    [turn('user', 'C?'), turn('assistant', 'c'), turn('user', 'D?')],
    [turn('user', 'E?')],
  ]
  const shareGpt = [
    { from: 'human', value: 'F?' },
    { from: 'gpt', value: 'f' },
  ]
  await writeFile(shard, [...talks, shareGpt].map((messages) => JSON.stringify({ messages })).join('\n'))
  const judge = await startOpenAiServer({
    reply: (request) =>
      isAbout('quality-zh', request) ? '分数：5' : isAbout('complexity-zh', request) ? '分数：2分' : '',
  })
  const config = { select: 5, maxCosine: 1, language: 'zh', model: 'openai:toy', endpoint: judge.url }
  const { tally, calls } = await curate({ recipe: 'deita', inputs: [shard], out, config })
  await judge.close()
  expect(calls.made).toBe(8)
  expect(tally).toMatchObject({ in: 4, out: 3, rejected: { 'read: no instruction with an answer': 1 } })
  expect(total(tally.failed)).toBe(0)
  const rows = await rowsOf(join(out, 'data'))
  expect(rows.map(({ sluice_score, sluice_quality }) => [sluice_score, sluice_quality])).toEqual([
    [20, 5],
    [10, 5],
    [10, 5],
  ])
}, 60_000)
