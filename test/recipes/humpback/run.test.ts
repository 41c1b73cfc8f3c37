import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { curate } from '../../../src/recipes/curate.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { humpbackTexts } from '../../../src/recipes/humpback/judge.js'
import { uniform } from '../../../src/text/hash.js'
import { writePairShards } from '../../pairs.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { recordedFolder, recordedRun } from '../recorded-replies.js'
import { benchFor, expectSameBytes, rowsOf } from '../whole-run.js'

let corpus: string
let server: OpenAiServer
let out: string
benchFor({ fill: (to) => writePairShards(to, 2, 50), reply: toyJudge }, (bench) => {
  ;({ corpus, server, out } = bench)
})

/** Scores by a hash of the question, and a little otherwise once it is shown examples. */
function toyJudge({ messages }: ChatRequest): string {
  const chance = uniform(3, messages.at(-1)!.content, messages.length > 2 ? 'again' : 'first')
  return chance < 0.1 ? 'A fine answer.\nScore: 10502' : `It serves.\nScore: ${1 + Math.floor(chance * 5)}`
}

it('scores as recorded in fixtures/replies, row for row, and adds the seed data', async () => {
  const { tally, rows, asked } = await recordedRun('humpback', 'candidates.jsonl', {
    texts: humpbackTexts,
    out,
    flags: ['--seed-data', join(recordedFolder('humpback'), 'seeds.jsonl')],
  })
  expect(tally).toEqual({
    in: 6,
    out: 3,
    rejected: { 'read: instruction of fewer than 10 characters': 1, 'select: scored 3': 1, 'select: scored 1': 1 },
    failed: {},
  })
  expect(rows.map(({ id, source, score }) => [id, source, score])).toEqual([
    ['candidates.jsonl#0', 'synthetic', 5],
    ['candidates.jsonl#3', 'synthetic', 4],
    ['seed:seeds.jsonl#0/0', 'seed', null],
  ])
  expect(rows[0]!.messages).toEqual([
    { role: 'system', content: 'Answer with knowledge gathered from the web.' },
    { role: 'user', content: rows[0]!.instruction },
    { role: 'assistant', content: rows[0]!.output },
  ])
  // The second round shows one pair of each score that the first gave, from the best down, but for the pair in question.
  expect(asked.map(({ length }) => length)).toEqual([2, 2, 2, 2, 8, 8, 8, 8])
  const verdicts = ['Score: 5', 'Score: 4', 'Score: 3', 'Score: 1']
  const left = asked.slice(4).map((messages) => {
    const [question, ...shown] = messages.map(({ content }) => content).toReversed()
    expect(shown).not.toContain(question)
    const given = messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)
    expect(given).toEqual(verdicts.filter((verdict) => given.includes(verdict)))
    return verdicts.find((verdict) => !given.includes(verdict))
  })
  expect(left.sort()).toEqual(verdicts.sort())
}, 60_000)

describe('a whole run', () => {
  it('accounts for every row, and gives the same bytes at any concurrency and after a kill', async () => {
    const args = ['humpback', corpus, '--seed', '2', '--model', 'openai:toy', '--min-score', '4']
    const { tally, out: calm } = await expectSameBytes({ args, folder: out, server })
    expect(tally.in).toBe(100)
    expect(tally.rejected).toMatchObject({
      'read: empty output': 2,
      'score 1: no whole score from 1 to 5': expect.any(Number),
      'score 2: no whole score from 1 to 5': expect.any(Number),
      'select: scored 1': expect.any(Number),
      'select: scored 3': expect.any(Number),
    })
    for (const { score } of await rowsOf(join(calm, 'data'))) expect([4, 5]).toContain(score)
  }, 180_000)

  it('keeps what the last round gives, of one round as of three', async () => {
    const scoresAfter = async (rounds: number) => {
      const to = join(out, String(rounds))
      const config = { rounds, minScore: 1, model: 'openai:toy', endpoint: server.url }
      await curate({ recipe: 'humpback', inputs: [corpus], out: to, config })
      return new Map((await rowsOf(join(to, 'data'))).map(({ id, score }) => [id, score]))
    }
    const [one, three] = [await scoresAfter(1), await scoresAfter(3)]
    expect(three.size).toBeLessThan(one.size)
    expect([...three].some(([id, score]) => one.get(id) !== score)).toBe(true)
  }, 60_000)

  it('makes exactly the calls of its plan where every reply can be read, in Chinese too', async () => {
    const kind = await startOpenAiServer({
      reply: ({ messages }) => (messages[0]!.content === humpbackTexts['score-zh'].system ? '分数：5' : 'no'),
    })
    const config = { model: 'openai:toy', endpoint: kind.url, language: 'zh' }
    const { stages, total: planned } = await forecast({ recipe: 'humpback', inputs: [corpus], config })
    expect(stages.map(({ stage, calls }) => [stage, calls.high])).toEqual([
      ['score 1', 98],
      ['score 2', 98],
    ])
    const { calls, tally } = await curate({ recipe: 'humpback', inputs: [corpus], out, config })
    await kind.close()
    expect(calls.made).toBe(planned.calls.high)
    expect(tally.out).toBe(98)
    const [row] = await rowsOf(join(out, 'data'))
    expect(row!.messages).toMatchObject([{ role: 'system', content: expect.stringMatching(/网络/) }, {}, {}])
  }, 60_000)
})
