import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Forecast } from '../../src/recipes/forecast/forecast-calls.js'
import { labelReply } from '../../src/recipes/magpie/prompts.js'
import { sluice } from '../cli/sluice.js'
import type { OpenAiServer } from '../server/openai-server.mjs'
import { toyEvolution } from './toy-model.js'
import { benchFor, rowsOf } from './whole-run.js'

/** More rows than are looked at to find out which columns a shard has; they leave without a call. */
const early = Array.from({ length: 3000 }, () => ({ instruction: '', output: '' }))

let corpus: string
let server: OpenAiServer
let out: string
benchFor(
  {
    fill: (to) => mkdir(to),
    reply: (request) =>
      request.messages[0]!.content.includes('excellent') ? labelReply('excellent', 'en') : toyEvolution(request),
  },
  (bench) => {
    ;({ corpus, server, out } = bench)
  },
)

async function shard(name: string, rows: readonly object[]): Promise<string> {
  const lines = rows.map((row) => JSON.stringify(row))
  await writeFile(join(corpus, name), name.endsWith('.json') ? `[${lines.join(',\n')}]` : lines.join('\n'))
  return join(corpus, name)
}

async function run(recipe: string, path: string, ...flags: string[]) {
  const model = ['--model', 'openai:toy', '--endpoint', server.url, ...flags]
  const done = await sluice(['run', recipe, path, '-o', out, '--max-failed', '1', '-q', ...model])
  expect(done.code, done.stderr).toBe(0)
  return rowsOf(join(out, 'data'))
}

it.each(['late.jsonl', 'late.json'])('evolves the input of a row of %s that is the first to have one', async (name) => {
  const late = { instruction: 'Count the vowels.', input: 'Mississippi' }
  const path = await shard(name, [...early, late, { instruction: 'Name a river.', input: null }])
  const rows = await run('evol-instruct', path, '--mode', 'repository')
  expect(rows.map(({ parent }) => parent)).toEqual(['Count the vowels.\nMississippi', 'Name a river.'])
})

it('judges the input and the conversation of rows that are the first to have one', async () => {
  const turns = [
    { role: 'user', content: 'Name a lake.' },
    { role: 'assistant', content: 'Lake Chad lies in Africa.' },
  ]
  const path = await shard('pairs.jsonl', [
    ...early,
    { instruction: 'Count the vowels.', input: 'Mississippi', output: 'There are four of them.' },
    { messages: turns },
    { conversations: turns.map(({ role, content }) => ({ from: role, value: content.replace('lake', 'sea') })) },
  ])
  const rows = await run('magpie', path, '--select', '3')
  expect(rows.map(({ sluice_id }) => sluice_id)).toEqual(['pairs.jsonl#3000', 'pairs.jsonl#3001', 'pairs.jsonl#3002'])
  const asked = server.seen.map(({ body }) => JSON.stringify(body))
  for (const part of ['vowels.\\\\nMississippi', 'Name a lake.', 'Name a sea.']) {
    expect(
      asked.some((body) => body.includes(part.replaceAll('\\\\', '\\'))),
      part,
    ).toBe(true)
  }
})

it('judges a pair that follows conversations, and plans for it', async () => {
  const turns = [
    { role: 'user', content: 'Name a hill.' },
    { role: 'assistant', content: 'The Brocken.' },
  ]
  const path = await shard('mixed.jsonl', [
    ...Array.from({ length: 1500 }, () => ({ messages: [] })),
    { messages: turns },
    { instruction: 'Name a bay.', output: 'The Bay of Biscay.' },
  ])
  const model = ['--model', 'openai:toy', '--endpoint', server.url]
  const planned = await sluice(['plan', 'magpie', path, '--select', '2', ...model, '--json'])
  const { stages } = JSON.parse(planned.stdout) as Forecast
  expect(stages.map(({ calls }) => calls.expected)).toEqual([2])
  expect(await run('magpie', path, '--select', '2')).toHaveLength(2)
})

it('refuses a column of instructions that is misspelt, and takes no instruction for its own input', async () => {
  const path = await shard('own.jsonl', [{ input: 'Name a cape.', output: 'Cape Horn.' }])
  const other = await sluice(['run', 'magpie', path, '-o', out, '--model', 'openai:toy', '--endpoint', server.url])
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('has no column `instruction`')
  await run('evol-instruct', path, '--mode', 'repository', '--instruction-column', 'input')
  const asked = server.seen.filter(({ body }) => JSON.stringify(body).includes('Name a cape.'))
  expect(asked.length).toBeGreaterThan(0)
  for (const { body } of asked) expect(JSON.stringify(body)).not.toMatch(/Name a cape\.\\nName a cape/)
})
