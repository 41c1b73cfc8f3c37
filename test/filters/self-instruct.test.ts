import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { selfInstructFilter } from '../../src/filters/self-instruct.js'

const judge = selfInstructFilter()

describe('the rules for an instruction', () => {
  it.each([
    ['Rewrite this in plain words', undefined],
    ['', 'empty'],
    ['Just three words', 'fewer than 4 words'],
    [`${'word '.repeat(150)}`, undefined],
    [`${'word '.repeat(151)}`, 'more than 150 words'],
    ['Describe the Picture you see here', 'asks for more than text'],
    ['When should I go to the dentist?', 'asks for more than text'],
    ['Name a word that rhymes with profile', undefined],
    ['Tell the forgotten tale of Umapé', undefined],
    ['Write a program that prints hello', 'asks for a program'],
    ['Please write a program that prints hello', undefined],
    ['"Quote a line and explain it', 'begins with a punctuation mark'],
    ['écrivez une lettre à votre ami', 'begins with a character beyond ASCII'],
  ])('judge %j: %s', (instruction, reason) => {
    expect(judge(instruction)).toBe(reason)
  })

  it("also refuse what a model of text cannot play, by Alpaca's list", () => {
    const instruction = 'Compose some music for the piano'
    expect(judge(instruction)).toBeUndefined()
    expect(selfInstructFilter({ keywords: 'alpaca' })(instruction)).toBe('asks for more than text')
  })

  it.each([
    ['把这句话改得口语一些', undefined],
    ['', 'empty'],
    ['写一首诗。', 'fewer than 6 characters'],
    ['说出颜色吧。', 'fewer than 6 characters'],
    ['字'.repeat(240), undefined],
    ['字'.repeat(241), 'more than 240 characters'],
    ['描述图片里的人物', 'asks for more than text'],
    ['为漫画里的画家写一段独白', undefined],
    ['用三句话刻画一位渔夫', undefined],
    ['画一只会飞的鱼给我', 'asks for more than text'],
    ['编写一个能排序的程序', 'asks for a program'],
    ['请帮我写程序，统计词频', 'asks for a program'],
    ['写一段程序员的自我介绍', undefined],
    ['写出这段程序的运行结果', undefined],
    ['（一）列出三种水果', 'begins with a punctuation mark'],
    ['“远水救不了近火”是什么意思', undefined],
    ['SQL里怎样去掉重复的行', undefined],
    ['Name six rivers of Asia please', 'holds no Chinese'],
  ])('judge Chinese by their counterparts, %j: %s', (instruction, reason) => {
    expect(selfInstructFilter({ language: 'zh' })(instruction)).toBe(reason)
  })

  it("also refuse what a model of text cannot play, by Alpaca's list, in Chinese", () => {
    expect(selfInstructFilter({ language: 'zh' })('为毕业典礼推荐三段音乐')).toBeUndefined()
    expect(selfInstructFilter({ language: 'zh', keywords: 'alpaca' })('为毕业典礼推荐三段音乐')).toBe(
      'asks for more than text',
    )
  })

  const published = new URL('../../../shared/data/self-instruct/seed_tasks.jsonl', import.meta.url)
  it.skipIf(!existsSync(published))('refuse three of the published seed tasks (needs ../shared)', () => {
    const tasks = readFileSync(published, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; instruction: string })
    expect(tasks).toHaveLength(175)
    const refused = tasks.filter(({ instruction }) => judge(instruction) !== undefined)
    expect(refused.map(({ id }) => id)).toEqual(['seed_task_12', 'seed_task_79', 'seed_task_139'])
  })
})
