import { describe, expect, it } from 'vitest'
import { languageFilter } from '../../src/filters/language.js'
import { UsageError } from '../../src/stream/errors.js'

describe('the language filter', () => {
  it('keeps the languages asked for', async () => {
    const judge = await languageFilter(['en', 'zh'])
    expect(judge('The bread is in the oven, and nobody has eaten of it yet.')).toBeUndefined()
    expect(judge('面包在烤箱里，还没有人吃过。大家都在等它变凉。')).toBeUndefined()
    expect(judge('Das Brot ist im Ofen, und niemand hat bisher davon gegessen.')).toEqual({
      reason: 'another language',
      detail: 'de',
    })
    expect(judge('ok')).toMatchObject({ reason: 'language not certain' })
  })

  it('refuses a language that is none', async () => {
    await expect(languageFilter(['english'])).rejects.toThrow(UsageError)
  })
})
