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
})
