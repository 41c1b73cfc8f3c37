import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { curate } from '../../../src/recipes/curate.js'
import { explainRow } from '../../../src/recipes/explain.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { sluice } from '../../cli/sluice.js'
import { writePairShards } from '../../pairs.js'
import { type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { benchFor, expectSameBytes, rowsOf } from '../whole-run.js'

const fixture = fileURLToPath(new URL('../../../fixtures/replies/ifd/', import.meta.url))

let corpus: string
let server: OpenAiServer
let out: string
benchFor({ fill: (to) => writePairShards(to, 2, 50) }, (bench) => {
  ;({ corpus, server, out } = bench)
})

it('chooses by what SmolLM2 said when fixtures/replies was recorded', async () => {
  const done = await sluice([
    ...['run', 'ifd', join(fixture, 'pairs.jsonl'), '-o', out, '--json', '--config', join(fixture, 'run.yaml')],
    ...['--model', `replay:${join(fixture, 'replies.jsonl')}`],
  ])
  expect(done.code, done.stderr).toBe(0)
  expect(JSON.parse(done.stdout)).toMatchObject({
    tally: { in: 6, out: 3, rejected: { 'read: empty output': 1, 'choose: not chosen': 2 }, failed: {} },
    calls: { made: 10 },
  })
  const rows = await rowsOf(join(out, 'data'))
  // A sentence to be repeated and the capital of France are foreseen best, and left.
  expect(rows.map(({ sluice_id, sluice_ifd }) => [sluice_id, Number(sluice_ifd).toFixed(3)])).toEqual([
    ['pairs.jsonl#0', '0.542'],
    ['pairs.jsonl#2', '0.218'],
    ['pairs.jsonl#3', '0.455'],
  ])
  expect(rows[0]!.sluice_perplexity_given).toBe(Math.exp(127.75243358188656 / 29))
  expect(rows[0]!.sluice_perplexity_alone).toBe(Math.exp(140.48934927613914 / 28))
}, 60_000)

describe('a whole run', () => {
  it('accounts for every row and gives the same bytes at any concurrency and after a kill', async () => {
    const args = ['ifd', corpus, '--select', '20', '--model', 'openai:toy']
    const { tally, out: calm } = await expectSameBytes({ args, folder: out, server })
    expect(tally).toMatchObject({ in: 100, out: 20 })
    expect(tally.rejected).toMatchObject({ 'read: empty output': 2, 'select: ratio of 1 or more': expect.any(Number) })
    const rows = await rowsOf(join(calm, 'data'))
    for (const row of rows) {
      expect(row.sluice_ifd).toBeLessThan(1)
      expect(row.sluice_ifd).toBeCloseTo(Number(row.sluice_perplexity_given) / Number(row.sluice_perplexity_alone), 9)
    }
    const told = await explainRow(calm, String(rows[0]!.sluice_id))
    expect(told.asked.map(({ call }) => call.stage)).toEqual(['given', 'alone'])
    expect(told.source?.columns).toMatchObject({ output: rows[0]!.output })
  }, 180_000)

  it('takes those of the highest ratio, and with --max-cosine none too like one of them', async () => {
    const run = async (config: Record<string, unknown>) => {
      const to = join(out, JSON.stringify(config).replaceAll(/\W+/g, '-'))
      await curate({
        recipe: 'ifd',
        inputs: [corpus],
        out: to,
        config: { model: 'openai:toy', endpoint: server.url, ...config },
      })
      return (await rowsOf(join(to, 'data'))).sort((a, b) => Number(b.sluice_ifd) - Number(a.sluice_ifd))
    }
    const idsOf = (rows: Awaited<ReturnType<typeof run>>) => rows.map(({ sluice_id }) => sluice_id)
    const [all, ten, unlike] = [
      await run({ select: 100 }),
      await run({ select: 10 }),
      await run({ select: 10, maxCosine: 0.7 }),
    ]
    expect(idsOf(ten)).toEqual(idsOf(all).slice(0, 10))
    expect(idsOf(all)).toEqual(expect.arrayContaining(idsOf(unlike)))
    expect(idsOf(unlike)[0]).toBe(idsOf(all)[0])
    expect(idsOf(unlike)).not.toEqual(idsOf(ten))
  }, 60_000)

  it('makes exactly the calls of its plan', async () => {
    const config = { select: 10, model: 'openai:toy', endpoint: server.url }
    const { stages, total: planned } = await forecast({ recipe: 'ifd', inputs: [corpus], config })
    expect(stages.map(({ stage, calls }) => [stage, calls.low, calls.high])).toEqual([
      ['given', 98, 98],
      ['alone', 98, 98],
    ])
    const { calls } = await curate({ recipe: 'ifd', inputs: [corpus], out, config })
    expect(calls.made).toBe(planned.calls.high)
    // A token for each, which a server must be let write.
    expect(calls.completionTokens).toBe(196)
  }, 60_000)

  it('ends at an endpoint that tells no log-probabilities, saying which do', async () => {
    const mute = await startOpenAiServer({ faults: { 'no-echo': 1 } })
    const done = await sluice(['run', 'ifd', corpus, '-o', out, '--model', 'openai:toy', '--endpoint', mute.url])
    await mute.close()
    expect(done.code).toBe(2)
    expect(done.stderr).toMatch(/does not give the log-probabilities[\s\S]*vLLM/)
  }, 60_000)
})
