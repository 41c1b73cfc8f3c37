import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { curate } from '../../../src/recipes/curate.js'
import { kunTexts } from '../../../src/recipes/kun/texts.js'
import { type Tally, total } from '../../../src/run/tally.js'
import { sluice } from '../../cli/sluice.js'
import type { OpenAiServer } from '../../server/openai-server.mjs'
import { recordedRun } from '../recorded-replies.js'
import { toyKun } from '../toy-model.js'
import { benchFor } from '../whole-run.js'

let corpus: string
let server: OpenAiServer
let out: string
benchFor({ fill: writeTexts, reply: toyKun }, (bench) => {
  ;({ corpus, server, out } = bench)
})

async function writeTexts(to: string): Promise<void> {
  await mkdir(to)
  const lines = Array.from({ length: 90 }, (_, n) => JSON.stringify({ content: textOf(n) }))
  await writeFile(join(to, 'texts.jsonl'), lines.join('\n'))
}

const subjects = ['面包', '民法', '潮汐', '火山', '茶叶', '桥梁', '候鸟', '陶瓷', '棉花', '指南针']
function textOf(n: number): string {
  if (n % 15 === 14) return `第${n}段很长。${subjects.join('、').repeat(60)}`
  return `第${n}段介绍${subjects[n % 10]}：它的历史大约有${n * 7 + 30}年，常见的种类有${(n % 5) + 2}种，各地的做法并不相同。`
}

const command = (to: string, concurrency: number) => [
  ...['run', 'kun', corpus, '-o', to, '--text-column', 'content', '--select', '70', '--seed', '2'],
  ...['--model', 'openai:toy', '--endpoint', server.url, '--concurrency', String(concurrency)],
]

it('goes through the six stages as recorded in fixtures/replies, row for row', async () => {
  const { tally, rows } = await recordedRun('kun', 'texts.jsonl', { texts: kunTexts, out })
  expect(tally).toEqual({
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
  it('accounts for every row, by rule', async () => {
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
  }, 60_000)

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
