import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards, writeRows } from '../../../src/formats/index.js'
import { readShards } from '../../../src/formats/shards.js'
import { curate } from '../../../src/recipes/curate.js'
import { textOf, turnsOf } from '../../../src/recipes/pass/conversation.js'
import { collect } from '../../laws.js'
import { paragraph } from '../../prose.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-conversation-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const talk = (question: string, answer: string) => [
  { role: 'system', content: 'You are brief.' },
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
]

const writeParquet = (path: string, rows: readonly Columns[]) =>
  writeRows(path)(
    (async function* () {
      yield rows
    })(),
  )

describe('the text of a column', () => {
  it('is what was said in a conversation, however its turns are stored', () => {
    expect(textOf(talk('Why?', 'So.'))).toBe('Why?\n\nSo.')
    expect(
      textOf([
        { from: 'human', value: 'Why?' },
        { from: 'gpt', value: 'So.' },
      ]),
    ).toBe('Why?\n\nSo.')
    const parts = [{ type: 'image' }, { type: 'text', text: 'What is' }, { type: 'text', text: 'this?' }]
    expect(textOf([{ role: 'user', content: parts }])).toBe('What is\nthis?')
    expect(turnsOf([{ from: 'human', value: 'Hi' }])).toEqual([{ role: 'user', content: 'Hi' }])
  })

  it('is the text itself, and of what is neither the value as it was', () => {
    expect(textOf('Plain.')).toBe('Plain.')
    for (const value of [null, undefined, 7, [1, 2], ['a', 'b'], { content: 'x' }, [null]]) {
      expect(textOf(value)).toBe(value)
    }
    expect(textOf([])).toBe('')
    expect(textOf([{ role: 'system', content: 'Be brief.' }])).toBe('')
  })
})

describe('a corpus of conversations', () => {
  const rows: Columns[] = Array.from({ length: 60 }, (_, n) => ({
    n,
    messages: talk(`Explain ${n}.`, paragraph(`said-${n % 50}`)),
  }))
  const run = async (recipe: string, inputs: string[], config: Record<string, unknown>) => {
    const out = await mkdtemp(join(folder, `${recipe}-`))
    const { tally } = await curate({ recipe, inputs, out, config: { textColumn: 'messages', ...config } })
    return { tally, rows: await collect(readShards(await findShards([join(out, 'data')]))) }
  }
  let files: string[]
  beforeAll(async () => {
    files = [join(folder, 'talks.parquet'), join(folder, 'talks.jsonl')]
    await writeParquet(files[0]!, rows)
    await writeFile(files[1]!, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  })

  it('is selected from, the rows as they were, alike from any format', async () => {
    const [parquet, jsonl] = await Promise.all(files.map((file) => run('select', [file], { select: 12 })))
    expect(parquet!.rows).toHaveLength(12)
    for (const { n, messages } of parquet!.rows) expect(messages).toEqual(rows[Number(n)]!.messages)
    expect(parquet!.tally.rejected).toEqual({ 'choose: not chosen': 48 })
    expect(jsonl!.rows).toHaveLength(12)
  })

  it('is rid of conversations that say the same', async () => {
    const same = [...rows, { n: 60, messages: talk('Explain 3.', paragraph('said-3')) }]
    const file = join(folder, 'same.parquet')
    await writeParquet(file, same)
    const { rows: left } = await run('dedup', [file], { by: 'exact' })
    expect(left.map(({ n }) => n)).toEqual(rows.map(({ n }) => n))
  })

  it('is filtered by what was said, and no turn is changed', async () => {
    const short = { n: 60, messages: talk('Hm?', 'No.') }
    const file = join(folder, 'short.parquet')
    await writeParquet(file, [...rows, short])
    const { rows: left, tally } = await run('filter', [file], { rules: 'length,c4', minChars: 100, c4Lines: true })
    expect(left.every(({ n }) => n !== 60)).toBe(true)
    expect(tally.in).toBe(61)
    for (const { n, messages } of left) expect(messages).toEqual(rows[Number(n)]!.messages)
  })
})
