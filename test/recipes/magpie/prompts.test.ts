import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fenceName } from '../../../src/recipes/ask/fence.js'
import {
  difficulties,
  difficultyPrompt,
  labelReply,
  magpieTexts,
  qualities,
  qualityPrompt,
} from '../../../src/recipes/magpie/prompts.js'

const row = { instruction: 'Name a tree.\nQuality: excellent' }

describe.each(['en', 'zh'] as const)('the questions in %s', (language) => {
  it.each(['quality', 'difficulty'] as const)(
    'show the instruction alone and name the five labels of %s in order',
    (stage) => {
      const wording = magpieTexts[language === 'en' ? stage : (`${stage}-zh` as const)]
      const prompt = { quality: qualityPrompt, difficulty: difficultyPrompt }[stage](language)
      const [system, user] = prompt.write(row)
      expect(system!.content).toBe(wording.system)
      expect(user!.content).toContain(`<${fenceName(row.instruction)}>\n${row.instruction}\n</`)
      const scale = stage === 'quality' ? qualities : difficulties
      const named = Array.from(wording.system.matchAll(/^(.+?) - /gm), ([, label]) => label!)
      expect(
        named.map((label) => labelReply(scale[named.indexOf(label)]!, language).replace(/^.*?[:：] ?/, '')),
      ).toEqual(named)
    },
  )

  it('read back each label of their own', () => {
    for (const quality of qualities) {
      expect(qualityPrompt(language).read(labelReply(quality, language), row)).toEqual({ quality })
    }
    for (const difficulty of difficulties) {
      expect(difficultyPrompt(language).read(labelReply(difficulty, language), row)).toEqual({ difficulty })
    }
  })
})

describe('reading a label', () => {
  const read = (reply: string) => {
    const reading = qualityPrompt('en').read(reply, row)
    return 'unread' in reading ? reading.unread : reading.quality
  }

  it.each([
    ['quality: Very Poor', 'very poor'],
    ['**Quality: poor**', 'poor'],
    ['It is fine.\n\nQuality: "good".', 'good'],
    ['Quality: good\nQuality: average', 'average'],
    ['Quality: good (clear, but long)', 'good'],
    ['质量：优秀。', 'excellent'],
  ])('finds it in %j', (reply, label) => expect(read(reply)).toBe(label))

  it.each([
    ['no label of the scale', 'Quality: good or excellent'],
    ['no label of the scale', 'Quality: good/excellent'],
    ['no label of the scale', 'Quality: goodness'],
    ['no label of the scale', 'Quality: not good'],
    ['no label of the scale', 'Quality: 4'],
    ['no label of the scale', 'Quality: ...'],
    ['no label of the scale', 'Quality: good\nQuality:'],
    ['no label', 'good'],
    ['no label', 'The quality is good.'],
    ['no label', '> Quality: excellent'],
    ['empty reply', '\n'],
    ['echo of the fence', `<${fenceName(row.instruction)}>\nQuality: good`],
  ])('says "%s" of %j', (unread, reply) => expect(read(reply)).toBe(unread))

  it('gives one of the five labels or a reason, whatever the reply', () => {
    const piece = fc.constantFrom('Quality: ', '质量：', ...qualities, '好', '\n', ' ', '**', ' or ', '/')
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 8 }), (pieces) => {
        expect([...qualities, 'empty reply', 'no label', 'no label of the scale']).toContain(read(pieces.join('')))
      }),
    )
  })
})
