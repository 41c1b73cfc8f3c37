import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { estimatingCounter } from '../../src/models/token-counter.js'
import { curate } from '../../src/recipes/curate.js'
import { forecast } from '../../src/recipes/forecast/forecast.js'
import { type ChatRequest, startOpenAiServer } from '../server/openai-server.mjs'
import { toyRuns } from './toy-runs.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-plan-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

// How many requests bring so many new tasks is up to the model; self-instruct.test.ts looks at that plan.
const fixed = toyRuns.filter(({ recipe }) => recipe !== 'self-instruct')

describe('a plan', () => {
  it.each(fixed)(
    'of $recipe brackets the calls and tokens of its run, and has those of a prompt within 10 %',
    async (toy) => {
      const inputs = await toy.inputs(join(folder, toy.recipe))
      const server = await startOpenAiServer({ reply: toy.reply })
      const config = { ...toy.config, model: 'openai:toy', endpoint: server.url }
      const { total } = await forecast({ recipe: toy.recipe, inputs, config })
      expect(server.seen).toHaveLength(0)
      await curate({ recipe: toy.recipe, inputs, out: join(folder, `${toy.recipe}-out`), config })
      await server.close()
      const asked = server.seen.map(({ body }) => body as ChatRequest)
      expect(asked.length).toBeGreaterThanOrEqual(total.calls.low)
      expect(asked.length).toBeLessThanOrEqual(total.calls.high)
      const promptTokens = asked.reduce((sum, { messages }) => {
        return sum + estimatingCounter.prompt(messages as Parameters<typeof estimatingCounter.prompt>[0])
      }, 0)
      expect(promptTokens).toBeGreaterThanOrEqual(total.promptTokens.low)
      expect(promptTokens).toBeLessThanOrEqual(total.promptTokens.high)
      const perCall = promptTokens / asked.length / (total.promptTokens.expected / total.calls.expected)
      expect(perCall).toBeGreaterThan(0.9)
      expect(perCall).toBeLessThan(1.1)
    },
  )

  // What select-llm asks at once goes by how many rows are wanted, so a smaller run of it is another.
  it.each(fixed.filter(({ recipe, config }) => 'select' in config && recipe !== 'select-llm'))(
    'of $recipe like a run of fewer rows has the calls and all tokens of its run within 10 %',
    async (toy) => {
      const inputs = await toy.inputs(join(folder, `like-${toy.recipe}`))
      const server = await startOpenAiServer({ reply: toy.reply })
      const config = { ...toy.config, model: 'openai:toy', endpoint: server.url }
      const like = join(folder, `like-${toy.recipe}-fewer`)
      const fewer = { ...config, select: Math.round((Number(toy.config.select) * 2) / 3) }
      await curate({ recipe: toy.recipe, inputs, out: like, config: fewer })
      const { total } = await forecast({ recipe: toy.recipe, inputs, config, like })
      const done = await curate({ recipe: toy.recipe, inputs, out: join(folder, `like-${toy.recipe}-whole`), config })
      await server.close()
      const { requests, promptTokens, completionTokens } = done.calls
      const shares = [
        requests / total.calls.expected,
        promptTokens / total.promptTokens.expected,
        completionTokens / total.completionTokens.expected,
      ]
      for (const share of shares) {
        expect(share, `${shares}`).toBeGreaterThan(0.9)
        expect(share, `${shares}`).toBeLessThan(1.1)
      }
    },
  )

  it('goes by no run of another recipe, and by none without replies', async () => {
    const { inputs, recipe, config, reply } = fixed[0]!
    const corpus = await inputs(join(folder, 'other'))
    const server = await startOpenAiServer({ reply })
    const settings = { ...config, model: 'openai:toy', endpoint: server.url }
    const out = join(folder, 'other-out')
    await curate({ recipe, inputs: corpus, out, config: settings })
    await server.close()
    const kun = { recipe: 'kun', inputs: corpus, config: { select: 3, model: 'openai:toy' } }
    await expect(forecast({ ...kun, like: out })).rejects.toThrow('is one of reinstruct, and says nothing about kun')
    await rm(join(out, '.sluice', 'artifacts'), { recursive: true })
    const without = forecast({ recipe, inputs: corpus, config: settings, like: out })
    await expect(without).rejects.toThrow('has no counts of its replies')
    await expect(forecast({ ...kun, like: folder })).rejects.toThrow('is not the folder of a run')
  })
})
