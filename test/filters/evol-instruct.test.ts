import { describe, expect, it } from 'vitest'
import { copiesMarkers, h2oChecks, judgeAnswer } from '../../src/filters/evol-instruct.js'

const words = (count: number, last = 'sorry') => [...Array(count - 1).fill('word'), last].join(' ')

describe('elimination rules of Evol-Instruct', () => {
  it('drop a sorry answer of 79 words and keep one of 80', () => {
    expect(judgeAnswer(words(79))).toBe('the answer is sorry')
    expect(judgeAnswer(words(80))).toBeUndefined()
    expect(judgeAnswer('SORRY, I do not know the capital.')).toBe('the answer is sorry')
    expect(judgeAnswer(words(79, 'fine'))).toBeUndefined()
  })

  it('count each CJK character as a word', () => {
    expect(judgeAnswer(`sorry${'字'.repeat(78)}`)).toBe('the answer is sorry')
    expect(judgeAnswer(`sorry${'字'.repeat(79)}`)).toBeUndefined()
  })

  it.each(['', '...', '?!', 'It is.', 'And so on, and so on!', '是的。', "That’s it, isn't it?"])(
    'drop %j, which only has punctuation and stop words',
    (answer) => {
      expect(judgeAnswer(answer)).toBe('the answer says nothing')
    },
  )

  it('listen for Chinese words where that is the language, and else for the published ones alone', () => {
    const sorry = `抱歉${'字'.repeat(77)}`
    expect(judgeAnswer(sorry, { language: 'zh' })).toBe('the answer is sorry')
    expect(judgeAnswer(`${sorry}字`, { language: 'zh' })).toBeUndefined()
    expect(judgeAnswer(sorry)).toBeUndefined()
    const marker = '改写后的指令：说明潮汐。'
    expect(copiesMarkers(marker, { language: 'zh' })).toMatchObject({ detail: '改写后的指令' })
    expect(copiesMarkers(marker)).toBeUndefined()
    const checks = h2oChecks({ language: 'zh', minBytes: 0 })
    expect(checks({ parent: '说明潮汐。', evolved: '说明潮汐。\n再说明账本。' })).toBeUndefined()
    expect(checks({ parent: '说明潮汐。', evolved: '对不起，请说明账本。' })).toBe('apologises')
    expect(h2oChecks({ minBytes: 0 })({ parent: 'x', evolved: '说明潮汐。\n再说明账本。' })).toBe(
      'more lines than text',
    )
  })

  it.each(['42', 'It is blue.', 'Paris', '面包。', '`x`'])('keep %j, which says something', (answer) => {
    expect(judgeAnswer(answer)).toBeUndefined()
  })

  it.each(['#The Given Prompt#:', '#Rewritten Prompt#', 'Created prompt: x', 'Follow the GIVEN PROMPT'])(
    'drop %j, which copies a marker',
    (evolved) => {
      expect(copiesMarkers(evolved)).toMatchObject({ reason: "copies the prompt's markers" })
    },
  )

  it('keep a text that only speaks of prompts', () => {
    expect(copiesMarkers('Which prompt was given to the shell?')).toBeUndefined()
  })
})

describe('the further checks of h2o-wizardlm', () => {
  const check = h2oChecks()
  const long = 'Describe how bread is baked in a wood oven. '.repeat(14)
  const judge = (evolved: string, parent = 'Bake bread.') => check({ parent, evolved })

  it('let a text through that has 512 to 1,024 bytes and nothing else against it', () => {
    expect(judge(long)).toBeUndefined()
    expect(judge('b'.repeat(512))).toBeUndefined()
    expect(judge('b'.repeat(511))).toEqual({ reason: 'too short', detail: '511 bytes' })
    expect(judge('b'.repeat(1024))).toBeUndefined()
    expect(judge('字'.repeat(342))).toEqual({ reason: 'too long', detail: '1026 bytes' })
  })

  it.each([
    ['unchanged', long, long],
    ['more lines than text', 'Bake\n\n\nbread now', 'x'],
    ['more than 10 bullets', Array.from({ length: 11 }, (_, n) => `- bake loaf ${n} well`).join('\n'), 'x'],
    ['speaks as an assistant', `${long} As an AI`, 'x'],
    ['speaks as an assistant', `${long} How can I assist?`, 'x'],
    ['apologises', "I'm sorry to hear of it. Which bread?", 'x'],
  ])('drop what is %s', (reason, evolved, parent) => {
    const verdict = judge(evolved, parent)
    expect(typeof verdict === 'string' ? verdict : verdict?.reason).toBe(reason)
  })

  it('keep an apology that was there before, and ten bullets', () => {
    const sorry = `I'm sorry, the bread burnt. ${long}`
    expect(judge(sorry, "I'm sorry, it burnt.")).toBeUndefined()
    const list = Array.from(
      { length: 10 },
      (_, n) => `- bake loaf ${n} for a good long while, as long as the oven is hot`,
    )
    expect(judge(list.join('\n'))).toBeUndefined()
  })
})
