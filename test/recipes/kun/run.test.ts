import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Columns, findShards } from '../../../src/formats/index.js'
import { readShards } from '../../../src/formats/shards.js'
import { curate } from '../../../src/recipes/curate.js'
import { kunTexts } from '../../../src/recipes/kun/texts.js'
import { type Tally, total } from '../../../src/run/tally.js'
import { uniform } from '../../../src/text/hash.js'
import { sluice, startSluice } from '../../cli/sluice.js'
import { collect } from '../../laws.js'
import { type ChatRequest, type OpenAiServer, startOpenAiServer } from '../../server/openai-server.mjs'
import { recordedReplies } from '../recorded-replies.js'

const fixture = fileURLToPath(new URL('../../../fixtures/replies/kun/', import.meta.url))

let folder: string
let corpus: string
let server: OpenAiServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-kun-'))
  corpus = join(folder, 'texts.jsonl')
  const lines = Array.from({ length: 90 }, (_, n) => JSON.stringify({ content: textOf(n) }))
  await writeFile(corpus, lines.join('\n'))
  server = await startOpenAiServer({ reply: toyKun, latencyMs: 3 })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

let runs = 0
let out: string
beforeEach(() => {
  out = join(folder, `run-${runs++}`)
})

const subjects = ['面包', '民法', '潮汐', '火山', '茶叶', '桥梁', '候鸟', '陶瓷', '棉花', '指南针']
function textOf(n: number): string {
  if (n % 15 === 14) return `第${n}段很长。${subjects.join('、').repeat(60)}`
  return `第${n}段介绍${subjects[n % 10]}：它的历史大约有${n * 7 + 30}年，常见的种类有${(n % 5) + 2}种，各地的做法并不相同。`
}

/** A model of the three stages, the same to the same; a good part of what it says is to leave by one rule or another. */
function toyKun({ messages }: ChatRequest): string {
  const [system, last] = [messages[0]!.content, messages.at(-1)!.content]
  const chance = uniform(9, last, system.slice(0, 12))
  const about = /第(\d+)段/.exec(last)?.[1]
  if (system === kunTexts.label.system) {
    if (chance < 0.12) return `请写出第${about}段文章的摘要。`
    if (chance < 0.2) return `第${about}段讲什么？\n第${about}段讲什么？`
    return chance < 0.3 ? `第${about}段讲什么？      第${about}段讲什么` : `第${about}段所说的历史有多长？  \n`
  }
  if (system === kunTexts.point.system) return chance < 0.2 ? '【差】' : chance < 0.9 ? '【好】' : '难说'
  if (chance < 0.1) return `抱歉，第${about}段的内容我不清楚，请您再说一次好吗，谢谢。`
  if (chance < 0.2) return '不知道。'
  return chance < 0.3
    ? `${'好的'.repeat(12)}，第${about}段。`
    : `第${about}段说，它的历史有好几十年，各地的做法也不一样。`
}

const command = (to: string, concurrency: number) => [
  ...['run', 'kun', corpus, '-o', to, '--text-column', 'content', '--select', '70', '--seed', '2'],
  ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', String(concurrency)],
]
const rowsOf = async (path: string) => (await collect(readShards(await findShards([path])))) as Columns[]
const outputOf = async (of: string) => {
  const names = ['README.md', 'rejects.parquet', ...(await readdir(join(of, 'data'))).map((name) => `data/${name}`)]
  return Object.fromEntries(await Promise.all(names.map(async (n) => [n, await readFile(join(of, n), 'base64')])))
}

it('goes through the six stages as recorded in fixtures/replies, row for row', async () => {
  const recorded = await startOpenAiServer({ reply: recordedReplies(join(fixture, 'replies.jsonl'), kunTexts) })
  const done = await sluice([
    ...['run', 'kun', join(fixture, 'texts.jsonl'), '-o', out, '--json'],
    ...['--config', join(fixture, 'run.yaml'), '--endpoint', recorded.url],
  ])
  await recorded.close()
  expect(done.code, done.stderr).toBe(0)
  expect((JSON.parse(done.stdout) as { tally: Tally }).tally).toEqual({
    in: 8,
    out: 3,
    rejected: {
      'read: empty text': 1,
      'keywords: keyword in the instruction': 1,
      'point: no label': 1,
      'select: instruction judged bad': 1,
      'output: keyword in the output': 1,
    },
    failed: {},
  })
  const rows = await rowsOf(join(out, 'data'))
  expect(rows.map(({ id, instruction }) => [id, instruction])).toEqual([
    ['texts.jsonl#0/0', '刚出炉的面包为什么不能马上切开？'],
    ['texts.jsonl#1/0', '什么是民法？'],
    ['texts.jsonl#4/0', '什么是税？'],
  ])
  expect(rows[2]).toMatchObject({
    text: expect.stringMatching(/^税是国家/),
    messages: [
      { role: 'user', content: '什么是税？' },
      { role: 'assistant', content: rows[2]!.output },
    ],
  })
}, 60_000)

describe('a whole run', () => {
  it('accounts for every row, by rule, and gives the same bytes at any concurrency and after a kill', async () => {
    const calm = await sluice([...command(out, 1), '--json'])
    expect(calm.code, calm.stderr).toBe(0)
    const { tally } = JSON.parse(calm.stdout) as { tally: Tally }
    expect(tally.in).toBe(90)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    for (const rule of [
      'select: more tokens than --max-text-tokens',
      'choose: not chosen',
      'keywords: keyword in the instruction',
      'point: no label',
      'select: instruction judged bad',
      'output: keyword in the output',
      'output: output shorter than 20 characters',
      'output: output repeats itself',
    ]) {
      expect(Object.keys(tally.rejected)).toContain(rule)
    }
    const expected = await outputOf(out)
    const calls = server.paid.size

    const wide = join(folder, `run-${runs++}`)
    expect((await sluice(command(wide, 16))).code).toBe(0)
    expect(await outputOf(wide)).toEqual(expected)

    const killed = join(folder, `run-${runs++}`)
    const before = server.totalPaid
    const { child, finished } = startSluice(command(killed, 16))
    while (server.totalPaid < before + calls / 2) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGKILL')
    expect((await finished).signal).toBe('SIGKILL')
    const paid = server.totalPaid
    expect((await sluice(command(killed, 4))).code).toBe(0)
    expect(await outputOf(killed)).toEqual(expected)
    expect(server.totalPaid - paid).toBeLessThan(calls)
  }, 180_000)

  it('asks in English where that is the language, drawn as the published scripts draw', async () => {
    await curate({
      recipe: 'kun',
      inputs: [corpus],
      out,
      config: { textColumn: 'content', select: 3, language: 'en', model: 'openai:toy', endpoint: server.url },
    })
    const { messages, ...asked } = server.seen.find(({ body }) => {
      return (body.messages as { content: string }[])[0]!.content === kunTexts['label-en'].system
    })!.body
    expect(asked).toMatchObject({ temperature: 0.5, top_p: 0.95, max_tokens: 1024, stop: ['</s>'] })
    expect(messages).toHaveLength(2)
  })
})
