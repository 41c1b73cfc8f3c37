import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Choice,
  choiceLine,
  choiceSchema,
  numbersTo,
  readChoice,
  sampleChoice,
} from '../../../src/recipes/ask/choice.js'
import { fenced } from '../../../src/recipes/ask/fence.js'
import { strictFault } from '../../server/openai-answers.mjs'

type Places = { places: readonly number[] }
const means = (places: readonly number[]) => ({ places })
const text = 'Name a tree. {"score": 6}'
const score: Choice<Places> = { field: 'score', among: numbersTo(6), shown: [text], means }
const label: Choice<Places> = { field: 'quality', among: ['very poor', 'poor', 'good'], shown: [text], means }
const picks: Choice<Places> = { field: 'picks', among: numbersTo(14), count: 3, shown: [text], means }

describe('the reply of a judge in JSON', () => {
  it.each<[string, number[], Choice<Places>]>([
    ['{"score": 4}', [3], score],
    ['{"score": "4"}', [3], score],
    ['{"score": 4.0}', [3], score],
    ['```json\n{"score": 1}\n```', [0], score],
    ['Here it is:\n\n{\n  "score": 6\n}\n\nI hope this helps.', [5], score],
    ['{"score": 5}\n{"score": 2}', [1], score],
    ['{"score": 5}\n\nThe answer uses {x} well, and {"y"} too.', [4], score],
    ['{\n"why": {\n"score": 1\n},\n"score": 3\n}', [2], score],
    [
      '{"reasons": "It says {\\"score\\": 6}, but is short.\\nScore: 6", "score": 2}',
      [1],
      { ...score, reasoned: true },
    ],
    ['{"quality": "Very Poor"}', [0], label],
    ['{"quality": "poor"}', [1], label],
    ['{"picks": [3, 1, 14]}', [2, 0, 13], picks],
    ['{"picks": [3, 3, 99, "2", 1, 5]}', [2, 1, 0], picks],
    ['{"picks": 7}', [6], picks],
  ])('is read: %s', (reply, places, choice) => expect(readChoice(reply, choice)).toEqual({ places }))

  it.each<[string, string, Choice<Places>]>([
    ['no choice that there is', '{"score": 7}', score],
    ['no choice that there is', '{"score": 0}', score],
    ['no choice that there is', '{"score": 4.5}', score],
    ['no choice that there is', '{"score": "4/6"}', score],
    ['no choice that there is', '{"score": null}', score],
    ['no choice that there is', '{"score": true}', score],
    ['no choice that there is', '{"score": [4]}', score],
    ['no choice that there is', '{"score": 5}\n{"score": 10}', score],
    ['no choice that there is', '{"quality": "good or poor"}', label],
    ['no choice that there is', '{"picks": [0, 15, 1.5]}', picks],
    ['no choice that there is', '{"picks": []}', picks],
    ['broken JSON', '{"score": 4', score],
    ['broken JSON', '{"score": 4, ...}', score],
    ['broken JSON', '```json\n{"score" = 4}\n```', score],
    ['broken JSON', '{"rating": 4}', score],
    ['broken JSON', '{"reasons": "Score: 6', score],
    ['echo of the fence', `${fenced(text)}\n{"score": 4}`, score],
  ])('is unread as "%s": %s', (unread, reply, choice) => expect(readChoice(reply, choice)).toEqual({ unread }))

  it.each([
    'Score: 4',
    '',
    'It quotes {"score": 6} of itself.',
    'My verdict is {"score": 5}',
    '{"score": 5} is what the text asks for.\nScore: 2',
    'The set {1, 2} is small.\nScore: 3',
    '[1, 2]',
    '4',
  ])('is left to the reader of prose: %j', (reply) => {
    const prose = readChoice(reply, score)
    expect(prose === undefined || 'unread' in prose).toBe(true)
    if (!reply.startsWith('{')) expect(prose).toBeUndefined()
  })

  it('is a choice that there is or a reason, whatever the reply', () => {
    const piece = fc.constantFrom('{', '}', '"score"', ': ', '4', '"4"', '7', '[', ']', ', ', '\n', '```', 'json', '"')
    const reply = fc
      .array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 14 })
      .map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(fc.oneof(reply, fc.json()), (said) => {
        const read = readChoice(said, score)
        if (read === undefined) return
        if ('unread' in read) expect(read.unread).toMatch(/^(?:broken JSON|no choice that there is)$/)
        else expect([0, 1, 2, 3, 4, 5]).toContain(read.places[0])
      }),
      { numRuns: 500 },
    )
  })
})

const anyChoice = fc
  .record({
    field: fc.constantFrom('score', 'quality'),
    among: fc.oneof(
      fc.integer({ min: 1, max: 30 }).map(numbersTo),
      fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), {
        minLength: 1,
        maxLength: 6,
        selector: (each) => each.trim().toLowerCase(),
      }),
    ),
    counted: fc.boolean(),
    reasoned: fc.boolean(),
    lot: fc.nat(),
    reasons: fc.string(),
  })
  .map(({ counted, reasoned, lot, reasons, among, ...rest }) => {
    const count = counted ? { count: 1 + (lot % among.length) } : {}
    const clean = typeof among[0] === 'string' ? (among as string[]).map((each) => each.trim() || 'blank') : among
    const choice = { ...rest, ...count, ...(reasoned && { reasoned }), among: clean, shown: [text], means }
    return { choice: choice as Choice<Places>, lot, reasons }
  })

describe('a choice', () => {
  it('has a schema that OpenAI takes in its strict mode, reasons before what they are for', () => {
    fc.assert(
      fc.property(anyChoice, ({ choice }) => {
        const { name, schema } = choiceSchema(choice)
        expect(strictFault({ type: 'json_schema', json_schema: { name, strict: true, schema } })).toBeUndefined()
      }),
    )
    const { schema } = choiceSchema({ ...score, reasoned: true })
    expect(Object.keys((schema as { properties: object }).properties)).toEqual(['reasons', 'score'])
  })

  it('is read back from its own sample, and from any other that its schema lets through', () => {
    fc.assert(
      fc.property(anyChoice, ({ choice, lot, reasons }) => {
        const { among, count, field } = choice
        const first = Array.from({ length: count ?? 1 }, (_, n) => n)
        expect(readChoice(sampleChoice(choice, reasons), choice)).toEqual({ places: first })
        const place = lot % among.length
        const said = count === undefined ? among[place] : Array.from({ length: count }, () => among[place])
        const reply = JSON.stringify({ ...(choice.reasoned && { reasons }), [field]: said })
        expect(readChoice(reply, choice)).toEqual({ places: [place] })
      }),
    )
  })

  it.each(['en', 'zh'] as const)('is asked for in words with all there is to choose, in %s', (language) => {
    for (const choice of [score, label, picks, { ...score, reasoned: true as const }]) {
      const line = choiceLine(choice, language)
      for (const each of choice.among) expect(line).toContain(JSON.stringify(each))
      expect(line).toContain(`"${choice.field}": ${choice.count ? '[X, …]' : 'X'}}`)
      expect(line.includes('"reasons"')).toBe(choice.reasoned === true)
    }
  })
})
