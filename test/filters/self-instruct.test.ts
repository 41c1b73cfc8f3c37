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
