import { describe, expect, it } from 'vitest'
import forms from '../../src/filters/verb-forms.json' with { type: 'json' }

const base = forms.base.flatMap((words) => words.split(' '))
const ing = forms.ing.flatMap((words) => words.split(' '))

describe('verb-forms.json', () => {
  it('holds as many forms as its README says, each once, in lower-case letters', () => {
    expect([base.length, ing.length]).toEqual([8431, 8502])
    for (const words of [base, ing]) {
      expect(new Set(words).size).toBe(words.length)
      expect(words.filter((word) => !/^[a-z]+$/.test(word))).toEqual([])
    }
  })

  it.each(['choose', 'fill', 'be', 'google', 'email', 'table', 'step', 'note'])('knows the verb %s', (word) => {
    expect(base).toContain(word)
  })

  it.each(['with', 'the', 'these', 'for', 'if', 'when', 'and', 'this'])('does not take %s for a verb', (word) => {
    expect(base).not.toContain(word)
  })

  it.each(['making', 'running', 'dying', 'seeing', 'dyeing', 'travelling', 'traveling', 'panicking', 'babysitting'])(
    'knows the form %s',
    (word) => expect(ing).toContain(word),
  )

  it.each(['makeing', 'runing', 'openning', 'visitting', 'panicing', 'thing', 'during', 'nothing'])(
    'does not take %s for a form',
    (word) => expect(ing).not.toContain(word),
  )

  it('carries its licence', () => {
    expect(forms.notice).toContain('WordNet 3.0 Copyright 2006 by Princeton University')
  })
})
