import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeRows } from '../../../src/formats/index.js'
import { curate } from '../../../src/recipes/curate.js'
import { operators } from '../../../src/recipes/evol-instruct/operators.js'
import { evolTexts } from '../../../src/recipes/evol-instruct/prompts.js'
import type { Estimate } from '../../../src/recipes/types.js'
import { type Tally, total } from '../../../src/run/tally.js'
import { sluice } from '../../cli/sluice.js'
import type { OpenAiServer } from '../../server/openai-server.mjs'
import { recordedRun } from '../recorded-replies.js'
import { toyEvolution } from '../toy-model.js'
import { benchFor, rowsOf } from '../whole-run.js'

let folder: string
let corpus: string[]
let server: OpenAiServer
let out: string
benchFor({ fill: writeInstructions, reply: toyEvolution }, (bench) => {
  ;({ folder, server, out } = bench)
})

async function writeInstructions(to: string): Promise<void> {
  await mkdir(to)
  corpus = [join(to, 'a.parquet'), join(to, 'b.jsonl')]
  await writeRows(corpus[0]!)(batches(0, 25))
  await writeRows(corpus[1]!)(batches(25, 50))
}

async function* batches(start: number, end: number) {
  yield Array.from({ length: end - start }, (_, n) => ({
    instruction: (start + n) % 9 === 8 ? '' : `Describe item ${start + n} of the list.`,
    input: (start + n) % 2 === 0 ? `part ${n}` : null,
  }))
}

const command = (to: string, concurrency: number) => [
  ...['run', 'evol-instruct', ...corpus, '-o', to, '--rounds', '2', '--seed', '4', '--max-failed', '1'],
  ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', String(concurrency)],
]

describe('the run of fixtures/replies', () => {
  it('evolves, eliminates, gives parents back to the pool, and answers, row for row', async () => {
    const { tally, rows } = await recordedRun('evol-instruct', 'instructions.jsonl', { texts: evolTexts, out })
    // Six rows were read, and round 2 took the pool of five in once more.
    expect(tally).toEqual({
      in: 6 + 5,
      out: 5,
      rejected: {
        'read: empty instruction': 1,
        'eliminate 1: equal to its parent': 1,
        "eliminate 1: copies the prompt's markers": 1,
        'eliminate 1: the answer says nothing': 1,
        'eliminate 2: the answer is sorry': 1,
        'eliminate 2: the answer says nothing': 1,
      },
      failed: {},
    })
    expect(rows.map(({ id, operator, round }) => [id, operator, round])).toEqual([
      ['instructions.jsonl#0/1', 'complicate-input', 1],
      ['instructions.jsonl#3/1', 'complicate-input', 1],
      ['instructions.jsonl#0/1/2', 'breadth', 2],
      ['instructions.jsonl#1/2', 'constrain', 2],
      ['instructions.jsonl#3/1/2', 'constrain', 2],
    ])
    expect(rows[3]).toMatchObject({
      parent: 'Why do leaves change colour in autumn?',
      instruction: expect.stringMatching(/^Why do leaves .* child of ten understands\.$/),
      messages: [
        { role: 'user', content: rows[3]!.instruction },
        { role: 'assistant', content: rows[3]!.output },
      ],
    })
    expect(rows[4]!.parent).toBe(rows[1]!.instruction)
    const card = await readFile(join(out, 'README.md'), 'utf8')
    expect(card).toContain('## Round 1, by operator')
    expect(card).toMatch(/\| operator \| tried \| kept \| eliminate: copies the prompt's markers \| /)
    expect(card).toMatch(/\| complicate-input \| 2 \| 2 \| 0 \|/)
    expect(card).toContain('## What the model was asked')
    expect(card).toMatch(/\| evolve 1 \| [1-9]/)
  }, 60_000)
})

describe('a whole run', () => {
  it('accounts for every row and every try, by round and by rule', async () => {
    const done = await sluice([...command(out, 8), '--json'])
    expect(done.code, done.stderr).toBe(0)
    const { tally } = JSON.parse(done.stdout) as { tally: Tally }
    const pool = 50 - tally.rejected['read: empty instruction']!
    expect(tally.in).toBe(50 + pool)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    for (const rule of [
      'equal to its parent',
      'the answer is sorry',
      "copies the prompt's markers",
      'the answer says nothing',
    ]) {
      expect(Object.keys(tally.rejected).some((key) => key.startsWith('eliminate') && key.endsWith(rule))).toBe(true)
    }
    expect(tally.rejected['judge 1: no verdict']).toBeGreaterThan(0)
    const rejects = await rowsOf(join(out, 'rejects.parquet'))
    expect(rejects).toHaveLength(total(tally.rejected))
    for (const { stage, reason, detail, id } of rejects) {
      expect(tally.rejected[`${stage}: ${reason}`]).toBeGreaterThan(0)
      if (stage !== 'read') expect(operators.paper).toContain(detail)
      expect(id).toMatch(stage === 'read' ? /#\d+$/ : new RegExp(`#\\d+(?:/\\d)*/${String(stage).at(-1)}$`))
    }
    const rows = await rowsOf(join(out, 'data'))
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect(rows[0]!.parent).toMatch(/^Describe item \d+ of the list\.(?:\npart \d+)?$/)
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const { id, parent } of rows) {
      const from = byId.get(String(id).replace(/\/\d+$/, ''))
      if (from) expect(parent).toBe(from.instruction)
    }
  }, 60_000)

  it('makes one round with 5 operators and eliminates nothing as the repository does', async () => {
    const { tally } = await curate({
      recipe: 'evol-instruct',
      inputs: corpus,
      out,
      config: { mode: 'repository', model: 'openai:toy', endpoint: server.url },
    })
    expect(tally.in).toBe(50)
    expect(Object.keys(tally.rejected).filter((key) => /^(?:eliminate|judge)/.test(key))).toEqual([])
    const rows = await rowsOf(join(out, 'data'))
    expect(new Set(rows.map(({ operator }) => operator))).toEqual(new Set(operators.repository))
    const asked = server.seen.at(-1)!.body
    expect(asked).toMatchObject({ temperature: 1, top_p: 0.95, max_tokens: 2048 })
  })

  it('applies the checks of h2o-wizardlm where asked to', async () => {
    const { tally } = await curate({
      recipe: 'evol-instruct',
      inputs: corpus,
      out,
      config: { mode: 'repository', h2oChecks: true, model: 'openai:toy', endpoint: server.url },
    })
    expect(tally.out).toBe(0)
    expect(tally.rejected['eliminate 1: too short']).toBeGreaterThan(30)
  })

  it.each(['evol-instruct', 'humpback'])(
    'refuses ids that two rows have, before a call is made (%s)',
    async (recipe) => {
      const twice = join(folder, 'twice.jsonl')
      const rows = ['a', 'b', 'c', 'b'].map((id) => ({
        id,
        instruction: `Describe the letter ${id}.`,
        output: 'It is.',
      }))
      await writeFile(twice, rows.map((row) => JSON.stringify(row)).join('\n'))
      const before = server.seen.length
      const model = ['--model', 'openai:toy', '--endpoint', server.url]
      const done = await sluice(['run', recipe, twice, '-o', out, '--id-column', 'id', ...model])
      expect(done.code).toBe(2)
      expect(done.stderr).toContain('The id "b" of column `id` belongs to more than one row')
      expect(server.seen).toHaveLength(before)
    },
  )

  it('refuses ids that what is made of another row would get', async () => {
    const alike = join(folder, 'alike.jsonl')
    const rows = ['a/1/2', 'b/1', 'c', 'a', 'b'].map((id) => ({ id, instruction: `Describe the letter ${id}.` }))
    const named = async (ids: readonly string[]) => {
      await writeFile(alike, rows.flatMap((row) => (ids.includes(row.id) ? [JSON.stringify(row)] : [])).join('\n'))
      const config = { mode: 'repository', idColumn: 'id', model: 'openai:toy', endpoint: server.url }
      return curate({ recipe: 'evol-instruct', inputs: [alike], out: `${out}-${ids.length}`, config })
    }
    await expect(named(['a/1/2', 'c', 'a'])).rejects.toThrow(
      'The id "a/1/2" of column `id` is one that what is made of "a" may get',
    )
    expect((await named(['a/1/2', 'b/1'])).tally.in).toBe(2)
  })

  it('says which column is missing, and that a corpus of no rows is none', async () => {
    const empty = join(folder, 'empty.jsonl')
    await writeFile(empty, '')
    const config = { model: 'openai:toy', endpoint: server.url }
    await expect(curate({ recipe: 'evol-instruct', inputs: [empty], out, config })).rejects.toThrow('has no rows')
    const other = { ...config, instructionColumn: 'instructoin' }
    await expect(
      curate({ recipe: 'evol-instruct', inputs: corpus, out: `${out}-b`, config: other }),
    ).rejects.toMatchObject({
      fix: expect.stringContaining('Did you mean `instruction`?'),
    })
  })
})

it('is planned: three calls a try, each round again, before a call is made', async () => {
  const before = server.seen.length
  const args = [...command(out, 1), '--rounds', '16', '--dry-run', '--json']
  const plan = JSON.parse((await sluice(args)).stdout) as {
    steps: [string, Estimate][]
    stages: { stage: string; calls: Estimate }[]
  }
  expect(server.seen).toHaveLength(before)
  expect(plan.steps.map(([name, { expected }]) => [name, expected])).toEqual([
    ['rows in the corpus', 50],
    ['instructions', 45],
  ])
  const names = ['evolve 1', 'judge 1', 'answer 1', 'evolve 2', 'judge 2', 'answer 2']
  expect(plan.stages.map(({ stage }) => stage).slice(0, 6)).toEqual(names)
  expect(plan.stages).toHaveLength(48)
  for (const { stage, calls } of plan.stages) {
    expect(calls.high, stage).toBe(45)
    expect(calls.expected, stage).toBeGreaterThan(stage.startsWith('answer') ? 15 : 40)
  }
}, 60_000)
