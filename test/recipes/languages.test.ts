import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { optionFacts } from '../../src/recipes/config.js'
import { curate } from '../../src/recipes/curate.js'
import { evolTexts } from '../../src/recipes/evol-instruct/prompts.js'
import { forecast } from '../../src/recipes/forecast/forecast.js'
import { recipes } from '../../src/recipes/index.js'
import { instructPrompt, rewritePrompt } from '../../src/recipes/reinstruct/prompts.js'
import { type ChatRequest, startOpenAiServer } from '../server/openai-server.mjs'
import { rowsOf } from './whole-run.js'

let folder: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-languages-'))
  corpus = join(folder, 'corpus.jsonl')
  const subjects = ['面包', '潮汐', '账本', '水闸', '风琴', '苔藓']
  const rows = subjects.map((subject) => ({
    text: `${subject}是一件值得了解的事。许多人每天都会遇到它，却很少有人说得清它的来历。了解${subject}，可以从三个方面入手。`,
    instruction: `请说明${subject}的来历。`,
    input: '',
    output: `${subject}的来历可以追溯到很久以前，各地的说法并不相同。`,
  }))
  await writeFile(corpus, rows.map((row) => JSON.stringify(row)).join('\n'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const bilingual = Object.values(recipes).filter((recipe) => optionFacts(recipe).some(({ name }) => name === 'language'))
const slots = (text: string) => Array.from(text.matchAll(/\{([a-z]+)\}/g), ([, name]) => name!).sort()

it('is the language of every recipe with prompts', () => {
  const monolingual = Object.values(recipes).filter((recipe) => recipe.prompts && !bilingual.includes(recipe))
  expect(monolingual.map(({ name }) => name)).toEqual([])
})

describe.each(bilingual.map((recipe) => [recipe.name, recipe] as const))('%s', (name, recipe) => {
  it('has each prompt in both languages, with the same slots', () => {
    const texts = recipe.prompts!
    // Kun is Chinese by itself.
    const [own, other] = name === 'kun' ? ['zh', 'en'] : ['en', 'zh']
    const plain = Object.keys(texts).filter((key) => !key.endsWith(`-${other}`))
    expect(Object.keys(texts).sort()).toEqual(plain.flatMap((key) => [key, `${key}-${other}`]).sort())
    const [first, second] = [own, other].map((language) =>
      language === 'zh' ? /\p{Script=Han}/u : /^\P{Script=Han}*$/u,
    )
    for (const key of plain) {
      expect(slots(texts[`${key}-${other}`]!.user), key).toEqual(slots(texts[key]!.user))
      for (const [{ system, user }, language] of [
        [texts[key]!, first!],
        [texts[`${key}-${other}`]!, second!],
      ] as const) {
        expect(system + user).toMatch(language)
        if (system !== '') expect(system).toMatch(language)
      }
    }
  })

  it('is planned in Chinese, each usual reply read by its own reader', async () => {
    const known = optionFacts(recipe).map((fact) => fact.name)
    const wanted = {
      language: 'zh',
      model: 'openai:x',
      selector: 'light',
      minChars: 5,
      minDifficulty: 'easy',
      select: 4,
    }
    const config = Object.fromEntries(Object.entries(wanted).filter(([key]) => known.includes(key)))
    const { stages } = await forecast({ recipe: name, inputs: [corpus], config })
    expect(stages.length).toBeGreaterThan(0)
    for (const { calls } of stages) expect(calls.high).toBeGreaterThan(0)
  })
})

it('evolves, judges and eliminates in Chinese', async () => {
  const asked: string[] = []
  const server = await startOpenAiServer({
    reply: ({ messages }: ChatRequest) => {
      const [system, user] = messages
      asked.push(
        Object.keys(evolTexts).find((key) => evolTexts[key as keyof typeof evolTexts].system === system!.content)!,
      )
      if (asked.at(-1) === 'judge-zh') return user!.content.includes('潮汐') ? '结论：相等' : '不相等。'
      if (asked.at(-1) === 'answer-zh')
        return user!.content.includes('账本') ? '很抱歉，我答不上来。' : '这要从头说起。'
      const [subject] = /面包|潮汐|账本|水闸|风琴|苔藓/.exec(user!.content)!
      return subject === '水闸' ? '改写后的指令：请说明水闸。' : `新的指令：请分三点说明${subject}的来历，并各举一例。`
    },
  })
  const out = join(folder, 'evol')
  const config = { language: 'zh', rounds: 1, model: 'openai:x', endpoint: server.url }
  const { tally } = await curate({ recipe: 'evol-instruct', inputs: [corpus], out, config })
  await server.close()
  expect(new Set(asked.map((key) => key.endsWith('-zh')))).toEqual(new Set([true]))
  expect(tally).toMatchObject({
    in: 6,
    out: 3,
    rejected: {
      'eliminate 1: equal to its parent': 1,
      'eliminate 1: the answer is sorry': 1,
      "eliminate 1: copies the prompt's markers": 1,
    },
  })
  const rows = await rowsOf(join(out, 'data'))
  expect(rows[0]!.instruction).toBe('请分三点说明面包的来历，并各举一例。')
}, 60_000)

it('shows the demonstrations of a small model in Chinese, and knows an echo of one', () => {
  const text = '刀要磨了才快。'
  const instruct = instructPrompt('few-shot', { language: 'zh' })
  const messages = instruct.write({ text })
  expect(messages).toHaveLength(8)
  for (const { content } of messages) expect(content).toMatch(/\p{Script=Han}/u)
  expect(instruct.read('番茄应该多久浇一次水，怎样看出水浇多了？', { text })).toEqual({
    unread: 'echo of a demonstration',
  })
  expect(instruct.read('刀怎样才会快？', { text })).toEqual({ instruction: '刀怎样才会快？' })
  const rewrite = rewritePrompt('zero-shot', { language: 'zh' })
  const row = { text, instruction: '刀怎样才会快？' }
  expect(rewrite.read('根据上述文字，刀要磨。', row)).toEqual({ unread: 'speaks of the text' })
  expect(rewrite.read('磨一磨就快了。', row)).toEqual({ output: '磨一磨就快了。' })
})
