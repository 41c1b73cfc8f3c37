import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPulled } from '../../../src/models/catalogue.js'
import { readPrices } from '../../../src/models/prices.js'
import { readConfig } from '../../../src/recipes/config.js'
import { curate } from '../../../src/recipes/curate.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import type { Forecast } from '../../../src/recipes/forecast/forecast-calls.js'
import { recipes } from '../../../src/recipes/index.js'
import { UsageError } from '../../../src/stream/errors.js'
import { paragraph, writeProseShards } from '../../prose.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { isInstructRequest, toyReply } from '../toy-model.js'

let folder: string
let shards: string[]
let server: OpenAiServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-forecast-'))
  shards = await writeProseShards(join(folder, 'corpus'), 3, 80)
  // A token a word or a mark: near what a real vocabulary makes of plain English.
  server = await startOpenAiServer({ reply, tokensOf: (text) => text.match(/\w+|[^\w\s]/g)?.length ?? 0 })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** Replies that can all be read, of the length that strong models write. */
function reply({ messages }: ChatRequest): string {
  const last = messages.at(-1)!.content
  if (isInstructRequest(last)) {
    return 'How do the parts of this matter depend on one another, and what should someone who starts with it look at first?'
  }
  return paragraph(last)
}

const config = (more: Record<string, unknown> = {}) => ({
  ...{ selector: 'light', select: 60, seed: 7, model: 'openai:toy', endpoint: server.url },
  ...more,
})
const plan = (more: Record<string, unknown> = {}): Promise<Forecast> =>
  forecast({ recipe: 'reinstruct', inputs: shards, config: config(more) })

/** What the server was asked and counted while a run went by. */
async function run(name: string, more: Record<string, unknown> = {}, endpoint = server) {
  const before = endpoint.seen.length
  const inputs = shards
  await curate({
    recipe: 'reinstruct',
    inputs,
    out: join(folder, name),
    config: config({ ...more, endpoint: endpoint.url }),
  })
  const calls = endpoint.seen.slice(before).map(({ body }) => body as ChatRequest)
  return { calls, instruct: calls.filter(({ messages }) => isInstructRequest(messages.at(-1)!.content)) }
}

const tokens = (text: string) => text.match(/\w+|[^\w\s]/g)?.length ?? 0

describe('a forecast', () => {
  it('counts exactly the calls that a run makes whose replies can all be read', async () => {
    const before = server.seen.length
    const { steps, stages, total } = await plan({ samples: 2 })
    expect(server.seen).toHaveLength(before)
    expect(steps.at(0)).toEqual(['rows in the corpus', { low: 240, expected: 240, high: 240 }])
    expect(steps.at(-1)).toEqual(['rows chosen', { low: 60, expected: 60, high: 60 }])
    expect(stages.map(({ stage, calls }) => [stage, calls.high])).toEqual([
      ['instruct', 120],
      ['rewrite', 60],
    ])
    expect(stages[0]!.calls).toEqual({ low: 120, expected: 120, high: 120 })
    const { calls } = await run('exact', { samples: 2 })
    expect(calls).toHaveLength(total.calls.high)
  })

  it('leaves out rows without the score that the strategy goes by, and knows that deita may end early', async () => {
    const path = join(folder, 'scored.jsonl')
    const rows = Array.from({ length: 40 }, (_, n) => ({ text: paragraph(`s${n}`), score: n % 4 === 0 ? null : n }))
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'))
    const of = (by: string) =>
      forecast({
        recipe: 'reinstruct',
        inputs: [path],
        config: config({ by, scoreColumn: 'score', selector: 'light' }),
      })
    const { steps } = await of('gumbel')
    const may = steps.find(([name]) => name === 'rows that may be chosen')![1]
    expect(may.low).toBe(may.high)
    expect(may.high).toBeLessThanOrEqual(30)
    expect(may.high).toBeGreaterThan(15)
    expect(steps.at(-1)).toEqual(['rows chosen', may])
    expect((await of('deita')).steps.at(-1)).toEqual(['rows chosen', { ...may, low: 1 }])
    const scored = config({ by: 'gumbel', scoreColumn: 'score' })
    const { tally } = await curate({
      recipe: 'reinstruct',
      inputs: [path],
      out: join(folder, 'scored'),
      config: scored,
    })
    expect(tally.in - tally.rejected['read: no score']!).toBeGreaterThanOrEqual(may.high)
    expect(tally.rejected['choose: not chosen']).toBeUndefined()
  })

  it('brackets the calls of a run some of whose replies cannot be read', async () => {
    const toy = await startOpenAiServer({ reply: toyReply })
    const { total, stages } = await plan()
    const { calls, instruct } = await run('bracketed', {}, toy)
    await toy.close()
    expect(instruct).toHaveLength(stages[0]!.calls.expected)
    expect(calls.length).toBeLessThan(total.calls.high)
    expect(calls.length).toBeGreaterThan(total.calls.low)
  })

  it("comes within 10 % of the run's tokens", async () => {
    const { stages } = await plan({ select: 200 })
    const { calls } = await run('tokens', { select: 200 })
    const promptTokens = calls.flatMap(({ messages }) => messages).reduce((sum, each) => sum + tokens(each.content), 0)
    const replyTokens = calls.reduce((sum, call) => sum + tokens(reply(call)), 0)
    // The plan expects some replies not to be read, and here all were.
    const rewrite = stages[1]!
    const all = (of: 'promptTokens' | 'completionTokens') =>
      stages[0]![of].expected + (rewrite[of].expected * rewrite.calls.high) / rewrite.calls.expected
    expect(all('promptTokens') / promptTokens).toBeGreaterThan(0.9)
    expect(all('promptTokens') / promptTokens).toBeLessThan(1.1)
    const total = (all('promptTokens') + all('completionTokens')) / (promptTokens + replyTokens)
    expect(total).toBeGreaterThan(0.9)
    expect(total).toBeLessThan(1.1)
  })

  it('is certain of the rows it asks about where there are clearly enough, without reading a large corpus', async () => {
    const many = await writeProseShards(join(folder, 'many'), 2, 4000)
    const { steps, stages } = await forecast({ recipe: 'reinstruct', inputs: many, config: config({ select: 500 }) })
    expect(steps.at(-1)![1]).toEqual({ low: 500, expected: 500, high: 500 })
    expect(stages[0]!.calls).toEqual({ low: 500, expected: 500, high: 500 })
  })

  it('asks about no more rows than there are', async () => {
    const { steps } = await plan({ select: 1000 })
    const chosen = steps.at(-1)![1]
    expect(chosen.low).toBe(chosen.high)
    expect(chosen.high).toBeLessThanOrEqual(240)
  })

  it("counts by the local model's own tokeniser", async (test) => {
    if ((await findPulled('smollm2')) === undefined)
      test.skip('the small model is not here: sluice models pull smollm2')
    const { isExact, cost } = await plan({ model: 'smollm2', promptStyle: 'few-shot' })
    expect(isExact).toBe(true)
    expect(cost).toEqual({ low: 0, expected: 0, high: 0 })
  })

  it("prices by the user's table first, then by the list, and never by a guess", async () => {
    expect(await plan()).not.toHaveProperty('cost')
    const listed = await plan({ model: 'openai:gpt-4o-mini', endpoint: 'https://api.openai.com/v1' })
    expect(listed.price).toEqual({ input: 0.15, output: 0.6 })
    const path = join(folder, 'prices.yaml')
    await writeFile(path, 'openai:toy: {input: 1, output: 3}\n')
    const own = await forecast({
      ...{ recipe: 'reinstruct', inputs: shards, config: config() },
      prices: await readPrices(path),
    })
    const { promptTokens, completionTokens } = own.total
    expect(own.cost!.expected).toBeCloseTo((promptTokens.expected + 3 * completionTokens.expected) / 1e6, 12)
    expect(own.cost!.low).toBeLessThan(own.cost!.expected)
    expect(own.cost!.expected).toBeLessThan(own.cost!.high)
    await writeFile(path, 'openai:toy: cheap\n')
    await expect(readPrices(path)).rejects.toThrow('openai:toy')
  })

  it('is refused for a recipe that asks no model', async () => {
    await expect(forecast({ recipe: 'select', inputs: shards })).rejects.toBeInstanceOf(UsageError)
  })
})

describe('every recipe that asks a model', () => {
  const asking = Object.values(recipes).filter(({ usesModel }) => usesModel)

  it.each(asking.map((recipe) => [recipe.name, recipe] as const))('%s declares its calls', async (_name, recipe) => {
    expect(recipe.calls).toBeDefined()
    const { stages } = recipe.calls!(
      readConfig(recipe, { model: 'openai:toy', endpoint: server.url }),
      recipe.prompts ?? {},
    )
    expect(stages.length).toBeGreaterThan(0)
    for (const { reach } of stages) {
      if (reach) expect(reach.low <= reach.expected && reach.expected <= reach.high && reach.high <= 1).toBe(true)
    }
  })

  it('tells what embedding at an endpoint takes, and the run takes that', async () => {
    const embedder = { embedder: 'openai:vectors', embedderEndpoint: server.url }
    const prices = { 'openai:vectors': { input: 20, output: 0 } }
    const { embedding } = await forecast({ recipe: 'reinstruct', inputs: shards, config: config(embedder), prices })
    if (typeof embedding !== 'object') throw new Error(`no forecast of the embedding: ${embedding}`)
    const before = server.seen.length
    await curate({ recipe: 'reinstruct', inputs: shards, out: join(folder, 'embedded'), config: config(embedder) })
    const asked = server.seen.slice(before).filter(({ path }) => path.endsWith('/embeddings'))
    // Two more ask how long a vector is, and whether the model is still the same.
    const texts = asked
      .flatMap(({ body }) => body.input as string[])
      .filter((text) => !/How long is|The same/.test(text))
    expect(embedding.texts).toEqual({ low: texts.length, expected: texts.length, high: texts.length })
    expect(asked.length).toBeGreaterThanOrEqual(embedding.requests.low)
    expect(asked.length).toBeLessThanOrEqual(embedding.requests.high)
    const tokens = texts.join('').match(/\w+|[^\w\s]/g)!.length
    expect(embedding.tokens.low).toBeLessThan(tokens)
    expect(embedding.tokens.high).toBeGreaterThan(tokens)
    expect(embedding.cost?.expected).toBeCloseTo((20 * embedding.tokens.expected) / 1e6, 9)
  })

  it('tells of no embedding where none is asked for, and says so where it cannot tell', async () => {
    const embedder = { embedder: 'openai:vectors', embedderEndpoint: server.url }
    expect((await plan()).embedding).toBeUndefined()
    expect((await plan({ ...embedder, by: 'random' })).embedding).toBeUndefined()
    const pairs = join(folder, 'pairs.jsonl')
    await writeFile(pairs, `${JSON.stringify({ instruction: 'Say yes.', output: 'Yes.' })}\n`)
    const { model, endpoint } = config()
    const deita = await forecast({ recipe: 'deita', inputs: [pairs], config: { ...embedder, model, endpoint } })
    expect(deita.embedding).toBe('unplanned')
  })
})
