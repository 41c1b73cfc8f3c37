import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { curate } from '../../../src/recipes/curate.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { labelReply, magpieTexts, qualities } from '../../../src/recipes/magpie/prompts.js'
import { uniform } from '../../../src/text/hash.js'
import { writePairShards } from '../../pairs.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { recordedRun } from '../recorded-replies.js'
import { benchFor, expectSameBytes, rowsOf } from '../whole-run.js'

let corpus: string
let server: OpenAiServer
let out: string
benchFor({ fill: (to) => writePairShards(to, 2, 50), reply: toyJudge }, (bench) => {
  ;({ corpus, server, out } = bench)
})

/** Labels by a hash of the question; one in eight says something else. */
function toyJudge({ messages }: ChatRequest): string {
  const chance = uniform(3, messages.at(-1)!.content, 'label')
  return chance < 0.125 ? 'It is a fine instruction.' : labelReply(qualities[Math.floor(chance * 5)]!, 'en')
}

it('filters as recorded in fixtures/replies, row for row', async () => {
  const { tally, rows } = await recordedRun('magpie', 'pairs.jsonl', { texts: magpieTexts, out })
  expect(tally).toEqual({
    in: 8,
    out: 2,
    rejected: {
      'rules: instruction ends with a colon': 1,
      'rules: reward of at most -10': 1,
      'select: quality is very poor': 1,
      'select: difficulty is very easy': 1,
      'quality: no label of the scale': 1,
      // The shorter answer to the same instruction.
      'choose: not chosen': 1,
    },
    failed: {},
  })
  expect(rows.map((row) => [row.sluice_id, row.sluice_quality, row.sluice_difficulty, row.reward])).toEqual([
    ['pairs.jsonl#1', 'good', 'medium', 2.5],
    ['pairs.jsonl#4', 'excellent', 'hard', 4],
  ])
  for (const row of rows) expect(row.sluice_length).toBe(String(row.output).length)
}, 60_000)

describe('a whole run', () => {
  it('accounts for every row and gives the same bytes at any concurrency and after a kill', async () => {
    const args = ['magpie', corpus, '--select', '20', '--model', 'openai:toy', '--min-quality', 'average']
    const { tally, out: calm } = await expectSameBytes({ args, folder: out, server })
    expect(tally).toMatchObject({ in: 100, out: 20 })
    expect(tally.rejected).toMatchObject({
      'read: empty output': 2,
      'quality: no label': expect.any(Number),
      'select: quality is poor': expect.any(Number),
    })
    const rows = await rowsOf(join(calm, 'data'))
    for (const row of rows) {
      expect(['average', 'good', 'excellent']).toContain(row.sluice_quality)
      expect(row).not.toHaveProperty('sluice_difficulty')
    }
    // The longest answers first, in the order in which they were taken.
    rows.sort((a, b) => Number(a.sluice_cluster) - Number(b.sluice_cluster))
    const lengths = rows.map(({ sluice_length }) => Number(sluice_length))
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a))
  }, 180_000)

  it('makes exactly the calls of its plan where every reply can be read, in Chinese too', async () => {
    const kind = await startOpenAiServer({
      reply: ({ messages }) => {
        if (messages[0]!.content === magpieTexts['quality-zh'].system) return labelReply('good', 'zh')
        return messages[0]!.content === magpieTexts['difficulty-zh'].system ? labelReply('hard', 'zh') : 'no'
      },
    })
    const config = { select: 10, minDifficulty: 'medium', language: 'zh', model: 'openai:toy', endpoint: kind.url }
    const { stages, total: planned } = await forecast({ recipe: 'magpie', inputs: [corpus], config })
    expect(stages.map(({ stage, calls }) => [stage, calls.high])).toEqual([
      ['quality', 98],
      ['difficulty', 98],
    ])
    const { calls } = await curate({ recipe: 'magpie', inputs: [corpus], out, config })
    await kind.close()
    expect(calls.made).toBe(planned.calls.high)
  }, 60_000)
})
