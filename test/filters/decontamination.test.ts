import { describe, expect, it } from 'vitest'
import { testRuns } from '../../src/filters/decontamination.js'

const question = 'How many litres of water does a leaking tap lose in a week when one drop falls a second'

describe('decontamination', () => {
  it('throws out a text that holds thirteen words of the test set in a row, in any letters and marks', () => {
    const runs = testRuns()
    runs.add(question)
    expect(runs.size).toBe(7)
    expect(runs.judge(`Before it. ${question.toUpperCase().replaceAll(' ', ', ')}! After it.`)).toEqual({
      reason: 'in the test set',
      detail: 'how, many, litres, of, water, does, a, leaking, tap, lose, in, a, week',
    })
    expect(runs.judge(question.split(' ').slice(0, 12).join(' '))).toBeUndefined()
    expect(runs.judge(question.replace('tap', 'pipe'))).toBeUndefined()
  })

  it('looks for a shorter question whole, and for one of a few words not at all', () => {
    const runs = testRuns()
    runs.add('Which planet of the Sun has the most moons?')
    runs.add('Why?')
    expect(runs.size).toBe(1)
    expect(runs.judge('They asked: which planet of the sun has the most moons, and left.')).toBeDefined()
    expect(runs.judge('Why?')).toBeUndefined()
  })

  it('counts Chinese by characters', () => {
    const runs = testRuns()
    runs.add('一个漏水的水龙头每秒滴一滴水一周会浪费多少升水')
    expect(runs.judge('题目：一个漏水的水龙头每秒滴一滴水，一周会浪费多少升水？')).toBeDefined()
    expect(runs.judge('今天的天气很好，我们去公园散步，然后回家吃饭睡觉。')).toBeUndefined()
  })
})
