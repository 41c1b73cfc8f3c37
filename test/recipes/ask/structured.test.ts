import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../../src/models/reply-schema.js'
import { curate } from '../../../src/recipes/curate.js'
import { forecast } from '../../../src/recipes/forecast/forecast.js'
import { recipes } from '../../../src/recipes/index.js'
import type { Tally } from '../../../src/run/tally.js'
import { ResumeMismatchError, UsageError } from '../../../src/stream/errors.js'
import { uniform } from '../../../src/text/hash.js'
import { errorOf } from '../../models/calls.js'
import { writePairShards } from '../../pairs.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { type ToyRun, toyRuns } from '../toy-runs.js'
import { outputOf } from '../whole-run.js'

/** Those of recipes with a judge, and one of Magpie's, which the table does not have. */
const judged: readonly ToyRun[] = [
  ...toyRuns.filter(({ recipe }) => 'structured' in shapeOf(recipe)),
  {
    recipe: 'magpie',
    config: { select: 15, minQuality: 'average', minDifficulty: 'medium', seed: 7 },
    reply: () => 'It is a fine instruction.',
    inputs: async (folder) => {
      await writePairShards(folder, 2, 20)
      return [folder]
    },
  },
]

function shapeOf(recipe: string): object {
  return (recipes[recipe]!.options as unknown as { shape: object }).shape
}

type Format = { json_schema: { schema: JsonSchema } }

/** JSON by the schema of the request, its values by a hash of the question. */
function inForm(request: ChatRequest): string {
  const asked = `${request.messages[0]!.content} ${request.messages.at(-1)!.content}`
  const fill = (schema: JsonSchema, use: string): unknown => {
    if (schema.type === 'object') {
      return Object.fromEntries(Object.entries(schema.properties).map(([name, each]) => [name, fill(each, name)]))
    }
    if (schema.type === 'array') return Array.from({ length: schema.maxItems }, (_, n) => fill(schema.items, `${n}`))
    if (!('enum' in schema)) return 'Because of "this" and {that}.\nScore: 6'
    return schema.enum[Math.floor(uniform(3, asked, use) * schema.enum.length)]
  }
  return JSON.stringify(fill((request.response_format as Format).json_schema.schema, 'root'))
}

/** Held to the schema five times in eight; else fenced, broken, out of range or prose, as of a server that does not hear it. */
function loosely(toy: ToyRun): (request: ChatRequest) => string {
  return (request) => {
    if (request.response_format === undefined) return toy.reply(request)
    const lot = Math.floor(uniform(5, request.messages.at(-1)!.content, 'kind') * 8)
    if (lot === 0) return `Here you are:\n\`\`\`json\n${inForm(request)}\n\`\`\``
    if (lot === 1) return inForm(request).slice(0, -1)
    return lot === 2 ? toy.reply(request) : inForm(request)
  }
}

let folder: string
const servers: OpenAiServer[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-structured-'))
})
afterAll(async () => {
  for (const server of servers) await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function run(toy: ToyRun, reply: (request: ChatRequest) => string, name: string) {
  const inputs = await toy.inputs(join(folder, toy.recipe))
  const server = await startOpenAiServer({ reply })
  servers.push(server)
  const config = { ...toy.config, model: 'openai:toy', endpoint: server.url, structured: true }
  const out = join(folder, name)
  return { server, inputs, config, out, tally: (await curate({ recipe: toy.recipe, inputs, out, config })).tally }
}

/** Why rows left the judge's stages. */
const unreadOf = ({ rejected }: Tally) =>
  Object.keys(rejected).filter((reason) =>
    /: (?:broken JSON|no choice|no (?:whole )?score|no label|no verdict|no number)/.test(reason),
  )

it('is an option of each recipe with a judge', () => {
  expect(judged.map(({ recipe }) => recipe).sort()).toEqual(
    ['back-and-forth', 'deita', 'evol-instruct', 'humpback', 'kun', 'magpie', 'select-llm'].sort(),
  )
})

describe.each(judged)('$recipe --structured', (toy) => {
  const { recipe } = toy
  it('asks its judges alone for JSON, and loses none of their replies where the server keeps to the schema', async () => {
    const asked = await run(
      toy,
      (request) => (request.response_format ? inForm(request) : toy.reply(request)),
      `${recipe}-kept`,
    )
    expect(unreadOf(asked.tally)).toEqual([])
    expect(asked.tally.out).toBeGreaterThan(0)
    const [withSchema, without] = [true, false].map((has) =>
      asked.server.seen.filter(({ body }) => (body.response_format !== undefined) === has),
    )
    expect(withSchema!.length).toBeGreaterThan(0)
    expect(without!.length > 0).toBe(['back-and-forth', 'evol-instruct', 'kun'].includes(recipe))
    for (const { body } of withSchema!) {
      const { json_schema } = body.response_format as { json_schema: { name: string } }
      expect((body as ChatRequest).messages.at(-1)!.content).toMatch(
        new RegExp(`\\n\\n[^\\n]*JSON[^\\n]*"${json_schema.name}": [^\\n]*$`),
      )
    }
  })

  it('reads prose as ever, takes nothing of broken JSON, and gives the same bytes each time', async () => {
    const reply = loosely(toy)
    const { tally, out, server, inputs, config } = await run(toy, reply, `${recipe}-loose`)
    expect(unreadOf(tally).some((reason) => reason.endsWith('broken JSON'))).toBe(true)
    const before = await outputOf(out)
    const again = join(folder, `${recipe}-again`)
    await curate({ recipe, inputs, out: again, config, machine: { concurrency: 1 } })
    expect(await outputOf(again)).toEqual(before)
    // Nothing is asked twice, and another form is another run.
    const asked = server.seen.length
    await curate({ recipe, inputs, out, config })
    expect(server.seen).toHaveLength(asked)
    const plain = { ...config, structured: false }
    expect(await errorOf(curate({ recipe, inputs, out, config: plain }))).toBeInstanceOf(ResumeMismatchError)
  })

  it('is planned as many calls as without, and some more tokens', async () => {
    const inputs = await toy.inputs(join(folder, recipe))
    const planned = async (structured: boolean) =>
      (await forecast({ recipe, inputs, config: { ...toy.config, model: 'openai:toy', structured } })).total
    const [plain, structured] = [await planned(false), await planned(true)]
    expect(structured.calls).toEqual(plain.calls)
    expect(structured.promptTokens.expected).toBeGreaterThan(plain.promptTokens.expected)
    expect(structured.completionTokens.expected).toBeGreaterThan(plain.completionTokens.expected)
  })
})

it('is refused where nothing is replied', async () => {
  const config = { model: 'openai:toy', structured: true, scores: 'expected' }
  const error = await errorOf(forecast({ recipe: 'deita', inputs: [folder], config }))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toMatch(/--structured.*--scores expected/)
})
