import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Curated, curate, type MachineOptions } from '../../src/recipes/curate.js'
import { forecast } from '../../src/recipes/forecast/forecast.js'
import { dealOf } from '../../src/recipes/select-llm/options.js'
import { queryPrompt, selectLlmTexts } from '../../src/recipes/select-llm/query-prompt.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { recordedRun } from './recorded-replies.js'
import { toyPicks } from './toy-model.js'
import { benchFor, rowsOf } from './whole-run.js'

const subjects = ['bread', 'tides', 'chess', 'tax', 'moss', 'jazz']
const rowsOfShard = 60

/** Instructions about six subjects, with words of their own so that no two are equal. */
function instruction(n: number): string {
  const subject = subjects[n % subjects.length]!
  return `Explain ${subject} and more ${subject} to number ${n}, with what ${subject} means for case ${n * 7}`
}

let folder: string
let shards: string[]
let server: OpenAiServer
let out: string
benchFor({ fill: writeInstructions, reply: toyPicks }, (bench) => {
  ;({ folder, server, out } = bench)
})

async function writeInstructions(to: string): Promise<void> {
  await mkdir(to)
  shards = await Promise.all(
    [0, 1, 2].map(async (shard) => {
      const path = join(to, `part-${shard}.jsonl`)
      const rows = Array.from({ length: rowsOfShard }, (_, n) => ({
        instruction: instruction(shard * rowsOfShard + n),
        input: n % 4 === 0 ? `Input ${n}` : '',
        output: 'x',
      }))
      await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'))
      return path
    }),
  )
}

const run = (
  config: Record<string, unknown> = {},
  machine: MachineOptions = {},
  endpoint = server.url,
): Promise<Curated> =>
  curate({
    ...{ recipe: 'select-llm', inputs: shards, out, machine },
    config: { select: 20, seed: 7, model: 'openai:toy', endpoint, ...config },
  })
const dataBytes = () => readFile(join(out, 'data', 'train-00000-of-00001.parquet'))
const questions = (from: number) =>
  server.seen.slice(from).map(({ body }) => (body.messages as { content: string }[]).at(-1)!.content)

it('picks as recorded in fixtures/replies, and lets the nearest stand in where no number was said', async () => {
  const { tally, rows } = await recordedRun('select-llm', 'instructions.jsonl', { texts: selectLlmTexts, out })
  expect(tally).toEqual({
    in: 6,
    out: 2,
    added: { 'pick: questions without an answer': 1 },
    rejected: { 'choose: not chosen': 4, 'pick: no number of the list': 1 },
    failed: {},
  })
  const chosen = rows.map(({ instruction }) => instruction)
  expect(chosen).toHaveLength(2)
  expect(chosen).toContain('Write a function that sorts a list of numbers.')
}, 60_000)

describe('select-llm', () => {
  it('asks about every row, nine different ones a question, and chooses as many as asked for', async () => {
    const before = server.seen.length
    const { tally } = await run()
    const asked = questions(before)
    expect(asked).toHaveLength(20)
    const shown = asked.map((question) => [...question.matchAll(/^\[\d+\] (.*)$/gm)].map((match) => match[1]!))
    for (const items of shown) expect(new Set(items).size).toBe(9)
    expect(new Set(shown.flat()).size).toBe(180)
    const rows = await rowsOf(join(out, 'data'))
    expect(rows).toHaveLength(20)
    expect(new Set(rows.map(({ sluice_id }) => sluice_id)).size).toBe(20)
    expect(rows.every(({ output }) => output === 'x')).toBe(true)
    expect(tally.in).toBe(180)
    expect(tally.rejected['choose: not chosen']).toBe(160)
    expect(asked.some((question) => question.includes('\nInput 4\n'))).toBe(true)
    // Replies, what a plan makes of them, and those that could be read.
    expect(await readFile(join(out, 'README.md'), 'utf8')).toMatch(/\| pick \| 20 \| 20 \| 18 \|/)
  })

  it('shows rows of all subjects in a diverse question, of few in a similar one', async () => {
    const subjectsShown = async (grouping: string) => {
      const before = server.seen.length
      out = `${out}-again`
      await run({ grouping })
      const counts = questions(before).map((question) => new Set(question.match(/Explain (\w+)/g)).size)
      return counts.reduce((sum, count) => sum + count, 0) / counts.length
    }
    const diverse = await subjectsShown('diverse')
    const similar = await subjectsShown('similar')
    expect(diverse).toBeGreaterThan(similar + 1)
    expect(await subjectsShown('random')).toBeGreaterThan(similar)
  })

  it('lets the nearest to its centre stand in where the model does not answer, and lists the question', async () => {
    const mute = await startOpenAiServer({ reply: () => 'All of them are wonderful.' })
    const { tally } = await run({}, {}, mute.url)
    await mute.close()
    expect(await rowsOf(join(out, 'data'))).toHaveLength(20)
    expect(tally.rejected['pick: no number of the list']).toBe(20)
    expect(tally.added).toEqual({ 'pick: questions without an answer': 20 })
    const lost = await rowsOf(join(out, 'rejects.parquet'))
    expect(lost.map(({ id }) => id)).toContain('question-0000019')
  })

  it('picks several rows of a question, and of the last only what is still wanted', async () => {
    const before = server.seen.length
    await run({ select: 50, picks: 7 })
    const asked = questions(before).map((question) => Number(/Pick (\d+)/.exec(question)![1]))
    expect(asked.toSorted((a, b) => b - a)).toEqual([7, 7, 7, 7, 7, 7, 7, 1])
    expect(await rowsOf(join(out, 'data'))).toHaveLength(50)
  })

  it('chooses all rows where as many are wanted', async () => {
    await run({ select: 500 })
    expect(await rowsOf(join(out, 'data'))).toHaveLength(180)
  })

  it('gives the same bytes after a stop in the middle, without paying twice', async () => {
    await run()
    const one = await dataBytes()
    out = `${out}-again`
    const slow = await startOpenAiServer({ reply: toyPicks, latencyMs: 20 })
    const stop = new AbortController()
    const config = { select: 20, seed: 7, inputColumn: 'input', model: 'openai:toy', endpoint: slow.url }
    const again = { recipe: 'select-llm', inputs: shards, out, config, machine: { concurrency: 2 } }
    const timer = setInterval(() => slow.totalPaid >= 4 && stop.abort(), 5)
    await expect(curate({ ...again, signal: stop.signal })).rejects.toThrow()
    clearInterval(timer)
    await curate({ ...again, machine: { concurrency: 16 } })
    expect((await dataBytes()).equals(one)).toBe(true)
    expect(slow.totalPaid).toBe(20)
    await slow.close()
  })

  it('counts the inputs that its questions will show', async () => {
    const tokens = async (name: string, input: string) => {
      const path = join(folder, name)
      const rows = Array.from({ length: 40 }, (_, n) => ({ instruction: instruction(n), ...(n > 20 && { input }) }))
      await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'))
      const config = { select: 20, model: 'openai:toy' }
      return (await forecast({ recipe: 'select-llm', inputs: [path], config })).total.promptTokens.expected
    }
    expect(await tokens('long.jsonl', 'one word more '.repeat(60))).toBeGreaterThan(
      (await tokens('short.jsonl', '')) + 19 * 150,
    )
  })

  it('plans exactly the questions it asks', async () => {
    const before = server.seen.length
    const plan = await forecast({ recipe: 'select-llm', inputs: shards, config: { select: 20, model: 'openai:toy' } })
    expect(server.seen.length).toBe(before)
    expect(plan.stages[0]!.calls).toEqual({ low: 20, expected: 20, high: 20 })
  })
})

describe('the deal', () => {
  it('holds every row and yields every pick, whatever their numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
        (rows, select, given) => {
          const { questions, items, picks } = dealOf(rows, { select, picks: given })
          const wanted = Math.min(rows, select)
          expect(questions * items).toBeGreaterThanOrEqual(rows)
          expect(questions * items - rows).toBeLessThanOrEqual(rows)
          expect(questions * picks).toBeGreaterThanOrEqual(wanted)
          expect((questions - 1) * picks).toBeLessThan(wanted)
          if (given === undefined) expect(questions).toBeLessThanOrEqual(1000)
        },
      ),
    )
  })

  it('is that of the paper for its two corpora', () => {
    // Dolly has 13,911 rows, cleaned Alpaca about 50,865; the published code has K = 14 and 51.
    expect(dealOf(13_911, { select: 1000, picks: undefined })).toEqual({ questions: 1000, items: 14, picks: 1 })
    expect(dealOf(50_865, { select: 3000, picks: undefined })).toEqual({ questions: 1000, items: 51, picks: 3 })
  })
})

describe('the question', () => {
  const prompt = queryPrompt(selectLlmTexts.pick!, { maxItemChars: 30 })
  const items = ['First', 'Second', 'Third', 'Fourth', 'A fifth one that is far too long to be shown whole'].map(
    (text) => ({ text }),
  )
  const row = { id: 'question-0', items, picks: 2 }
  const read = (reply: string) => prompt.read(reply, row)

  it('numbers the rows, cuts long ones and shows two examples of an answer', () => {
    const asked = prompt.write(row).at(-1)!.content
    expect(asked).toContain('[1] First\n\n[2] Second')
    expect(asked).toContain('[5] A fifth one that is far too l…')
    expect(asked).toContain('such as [1, 2] or [3, 4]')
  })

  it.each([
    ['[2, 4]', [1, 3]],
    ['The best are [4,2] and [1].', [3, 1]],
    ['[3],[5]', [2, 4]],
    ['I pick 5 and 1.', [4, 0]],
    ['[2, 2, 3, 1]', [1, 2]],
    ['[0, 6, 99, 3]', [2]],
    ['[3] is better than 5', [2]],
  ])('%j picks %j', (reply, places) => {
    expect(read(reply)).toEqual({ places })
  })

  it.each(['', 'none', '[]', '[0]', '[17]', '3.5 stars'])('%j picks nothing', (reply) => {
    expect(read(reply)).toEqual({ unread: 'no number of the list' })
  })

  it('picks only rows that were shown, each once, whatever the reply', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]0123456789, .-x\n') }), (reply) => {
        const reading = read(reply)
        if ('unread' in reading) return
        expect(reading.places.length).toBeLessThanOrEqual(2)
        expect(new Set(reading.places).size).toBe(reading.places.length)
        for (const place of reading.places) expect(place >= 0 && place < items.length).toBe(true)
      }),
    )
  })

  it('does not take a reply that repeats the list', () => {
    const tag = /^<([a-z]+)>/.exec(prompt.write(row).at(-1)!.content)![1]
    expect(read(`<${tag}> [1, 2]`)).toEqual({ unread: 'repeats the list' })
  })
})
