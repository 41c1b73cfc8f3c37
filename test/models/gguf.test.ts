import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPulled } from '../../src/models/catalogue.js'
import { ggufModel } from '../../src/models/gguf.js'
import type { ReplySchema } from '../../src/models/reply-schema.js'
import { scoringBy } from '../../src/models/scoring.js'
import { CallFailure, type Model } from '../../src/models/types.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { callOf, errorOf } from './calls.js'

const path = process.env.SLUICE_TEST_MODEL ?? (await findPulled('smollm2'))
if (path === undefined)
  console.warn('SKIPPED: no local model; run `sluice models pull smollm2` or set SLUICE_TEST_MODEL.')

it.runIf(process.env.CI === 'true')('has a local model to test with in CI', () => {
  expect(path, 'Run `sluice models pull smollm2` first.').toBeDefined()
})

describe.skipIf(path === undefined)('a GGUF model', { timeout: 300_000 }, () => {
  let model: Model
  beforeAll(async () => {
    model = await ggufModel(path!, { contextTokens: 512, parallel: 2 })
  })
  afterAll(() => model.close?.())

  const calls = ['Name three colours.', 'What is bread made of?', 'Describe the sea.', 'Why is the sky blue?'].map(
    (content) => callOf({ messages: [{ role: 'user', content }], maxTokens: 24, temperature: 0.8, topP: 0.95 }),
  )

  it('gives a call the same text, whatever was asked before or is asked beside it', async () => {
    const alone = []
    for (const call of calls) alone.push((await model.ask(call)).text)
    const together = await Promise.all([...calls].reverse().map((call) => model.ask(call)))
    expect(together.map(({ text }) => text).reverse()).toEqual(alone)
  })

  it('gives the next sample of the same messages another text', async () => {
    const texts = await Promise.all([0, 1].map((ordinal) => model.ask({ ...calls[2]!, ordinal })))
    expect(texts[0]!.text).not.toBe(texts[1]!.text)
  })

  it('says that it was cut off, and what it counted', async () => {
    const { finish, usage } = await model.ask({ ...calls[2]!, maxTokens: 4 })
    expect(finish).toBe('length')
    expect(usage!.completionTokens).toBe(4)
    expect(usage!.promptTokens).toBeGreaterThan(4)
  })

  it('stops at a stop text and leaves it out', async () => {
    const asked = { ...calls[1]!, temperature: 0, maxTokens: 40 }
    const { text } = await model.ask(asked)
    const stop = text.trim().split(' ')[3]!
    const cut = await model.ask({ ...asked, stop: [stop] })
    expect(cut.finish).toBe('stop')
    expect(cut.text).toBe(text.slice(0, text.indexOf(stop)))
  })

  it('writes JSON of the schema that it is asked for, whatever it would rather say', async () => {
    const chosen = (labels: string[]): ReplySchema => ({
      name: 'pick',
      schema: {
        type: 'object',
        properties: {
          reasons: { type: 'string' },
          pick: {
            type: 'array',
            items: { type: 'string', enum: labels },
            minItems: 2,
            maxItems: 2,
          },
        },
        required: ['reasons', 'pick'],
        additionalProperties: false,
      },
    })
    const asked = { ...calls[0]!, temperature: 0, maxTokens: 200 }
    const ask = async (labels: string[]) => model.ask({ ...asked, schema: chosen(labels) })
    const [ripe, raw] = [await ask(['ripe', 'rotten']), await ask(['raw', 'done'])]
    for (const [{ text, finish }, labels] of [[ripe, ['ripe', 'rotten']] as const, [raw, ['raw', 'done']] as const]) {
      expect(finish).toBe('stop')
      const { reasons, pick } = JSON.parse(text)
      expect(typeof reasons).toBe('string')
      expect(pick).toHaveLength(2)
      for (const each of pick) expect(labels).toContain(each)
    }
    expect(await ask(['ripe', 'rotten'])).toEqual(ripe)
    expect((await model.ask(asked)).text).not.toContain('{')
  })

  it('fails a row whose prompt does not fit', async () => {
    const content = 'Many words. '.repeat(400)
    const error = await errorOf(model.ask(callOf({ messages: [{ role: 'user', content }] })))
    expect(error).toBeInstanceOf(CallFailure)
    expect(error).toMatchObject({ reason: 'prompt too long' })
  })

  it('scores a continuation the same each time, and a likely one above an unlikely one', async () => {
    const score = scoringBy(model)
    const of = (continuation: string, prompt = 'The capital of France is') =>
      score({ prompt, continuation, rowId: 'a#0', stage: 'ifd' })
    const likely = await of(' Paris.')
    await model.ask(calls[0]!)
    expect(await of(' Paris.')).toEqual(likely)
    expect(likely).toMatchObject({ tokens: 2, usage: { promptTokens: 7, completionTokens: 0 } })
    expect(likely.logProbability).toBeGreaterThan((await of(' bread.')).logProbability)
    // Twenty tokens come in two pieces, and the first of all has nothing before it.
    const long = 'One, two, three, four, five, six, seven, eight, nine, ten'
    const [whole, head, tail] = [
      await of(long, ''),
      await of(long.slice(0, 16), ''),
      await of(long.slice(16), long.slice(0, 16)),
    ]
    expect(whole.tokens).toBe(head.tokens + tail.tokens)
    expect(head.logProbability + tail.logProbability).toBeCloseTo(whole.logProbability, 1)
    const tooLong = await errorOf(of('Many words. '.repeat(400)))
    expect(tooLong).toMatchObject({ name: 'CallFailure', reason: 'prompt too long' })
  })

  it('stops when the signal aborts, and answers the next call as ever', async () => {
    const before = await model.ask(calls[0]!)
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 50)
    const long = { ...calls[2]!, maxTokens: 400, ordinal: 9 }
    await expect(model.ask(long, { signal: controller.signal })).rejects.toThrow('enough')
    expect(await model.ask(calls[0]!)).toEqual(before)
  })
})

describe('opening a GGUF model', () => {
  it('names the command that installs what is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-gguf-'))
    try {
      await writeFile(join(folder, 'a.gguf'), 'GGUF')
      const absent = 'a-package-that-is-not-there'
      const error = await errorOf(ggufModel(join(folder, 'a.gguf'), { load: () => import(absent) }))
      expect(error).toBeInstanceOf(UsageError)
      expect((error as UsageError).fix).toContain('npm install --omit=optional node-llama-cpp@3.21.1 @node-llama-cpp/')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('says that there is no such file', async () => {
    await expect(ggufModel('no/such.gguf')).rejects.toThrow('There is no model at no/such.gguf.')
    await expect(ggufModel(tmpdir())).rejects.toThrow('is not a file')
  })

  it('says that a file is not a model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-gguf-'))
    try {
      await writeFile(join(folder, 'a.gguf'), 'not a model at all')
      expect(await errorOf(ggufModel(join(folder, 'a.gguf')))).toBeInstanceOf(CorruptInputError)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
