import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openaiModel } from '../../../src/models/openai.js'
import { scoringBy } from '../../../src/models/scoring.js'
import { curate } from '../../../src/recipes/curate.js'
import { meanScore } from '../../../src/recipes/deita/expected.js'
import { complexityPrompt, qualityPrompt } from '../../../src/recipes/deita/stages.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { startOpenAiServer } from '../../server/openai-server.mjs'
import { rowsOf } from '../whole-run.js'

describe('the expected score', () => {
  it('is the mean by the softmax of six log-probabilities', () => {
    expect(meanScore([-9, -9, -9, -9, -9, -9])).toBeCloseTo(3.5, 12)
    expect(meanScore([-1e4, -1e4, -1e4, -2, -1e4, -1e4])).toBe(4)
    const [a, b] = [Math.log(0.3), Math.log(0.1)]
    expect(meanScore([-1e4, -1e4, -1e4, a, b, -1e4])).toBeCloseTo((4 * 0.3 + 5 * 0.1) / 0.4, 12)
  })

  it('lies from 1 to 6, and does not change where all six are as much less likely', () => {
    const six = fc.array(fc.double({ min: -700, max: 0, noNaN: true }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(six, fc.double({ min: -700, max: 0, noNaN: true }), (values, less) => {
        const score = meanScore(values)
        expect(score).toBeGreaterThanOrEqual(1)
        expect(score).toBeLessThanOrEqual(6)
        expect(meanScore(values.map((value) => value + less))).toBeCloseTo(score, 6)
      }),
    )
  })
})

it('goes by the model, which is asked how likely each of the six lines is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-deita-expected-'))
  const server = await startOpenAiServer()
  const pairs = ['Name a tree.', 'Name a river.', 'Name a bird.'].map((instruction, n) => ({
    instruction,
    output: `Answer ${n}.`,
  }))
  const shard = join(folder, 'pairs.jsonl')
  await writeFile(shard, pairs.map((pair) => JSON.stringify(pair)).join('\n'))
  const config = { scores: 'expected', maxCosine: 1, model: 'openai:toy', endpoint: server.url }
  const { total } = await forecast({ recipe: 'deita', inputs: [shard], config })
  const { calls } = await curate({ recipe: 'deita', inputs: [shard], out: join(folder, 'out'), config })
  expect([calls.made, total.calls.high]).toEqual([36, 36])

  const score = scoringBy(openaiModel('toy', { endpoint: server.url }))
  const expectedBy = async (messages: readonly { content: string }[]) => {
    const prompt = `${messages.map(({ content }) => content).join('\n\n')}\n\nScore:`
    const likely = [1, 2, 3, 4, 5, 6].map((n) => score({ prompt, continuation: ` ${n}`, rowId: 'x', stage: 'y' }))
    return meanScore((await Promise.all(likely)).map(({ logProbability }) => logProbability))
  }
  const rows = await rowsOf(join(folder, 'out', 'data'))
  for (const [n, row] of rows.entries()) {
    expect(row.sluice_complexity).toBe(await expectedBy(complexityPrompt('en').write(pairs[n]!)))
    expect(row.sluice_quality).toBe(await expectedBy(qualityPrompt('en').write(pairs[n]!)))
    expect(row.sluice_score).toBe(Number(row.sluice_complexity) * Number(row.sluice_quality))
  }
  await server.close()
  await rm(folder, { recursive: true, force: true })
}, 60_000)
