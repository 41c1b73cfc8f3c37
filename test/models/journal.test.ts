import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Journal, journalled, openJournal } from '../../src/models/journal.js'
import { callKey, canonicalJson } from '../../src/models/key.js'
import { openaiModel } from '../../src/models/openai.js'
import { withRetry } from '../../src/models/retry.js'
import type { Call, Model, Reply } from '../../src/models/types.js'
import type { Question } from '../../src/models/wrapped.js'
import { CorruptInputError, DiskError } from '../../src/stream/errors.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { callOf, errorOf } from './calls.js'

let folder: string
const opened: Journal[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-journal-'))
})
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close()
  await rm(folder, { recursive: true, force: true })
})

async function openHere(options?: { segmentBytes?: number }): Promise<Journal> {
  const journal = await openJournal(folder, options)
  opened.push(journal)
  return journal
}

const keyOf = (n: number) => callKey('test', callOf({ ordinal: n }))
const replyOf = (n: number): Reply => ({ text: `Reply ${n} {"key":"é"}\n`, finish: 'stop' })

async function fill(from: number, to: number, options?: { segmentBytes?: number }): Promise<void> {
  const journal = await openJournal(folder, options)
  for (let n = from; n < to; n++) await journal.append(keyOf(n), replyOf(n))
  await journal.close()
}

async function known(journal: Journal, upTo: number): Promise<boolean[]> {
  const replies = await Promise.all(Array.from({ length: upTo }, (_, n) => journal.read(keyOf(n))))
  return replies.map((reply, n) => {
    if (reply !== undefined) expect(reply).toEqual(replyOf(n))
    return reply !== undefined
  })
}

/** Counts what it is asked; answers with the call's own row. */
function countingModel(): Model & { asked: number } {
  const model = {
    id: 'counting',
    asked: 0,
    async ask({ rowId, ordinal }: Call): Promise<Reply> {
      model.asked++
      await new Promise((resolve) => setTimeout(resolve, 1))
      return { text: `${rowId}/${ordinal}`, finish: 'stop', usage: { promptTokens: 1, completionTokens: 2 } }
    },
  }
  return model
}

describe('a journalled model', () => {
  it('never asks the model for what it has on disk, in this process or the next', async () => {
    const model = countingModel()
    for (let round = 0; round < 3; round++) {
      const journal = await openHere()
      const asking = journalled(model, journal)
      const replies = await Promise.all([1, 2, 3].map((ordinal) => asking.ask(callOf({ ordinal }))))
      expect(replies.map(({ text }) => text)).toEqual(['a#0/1', 'a#0/2', 'a#0/3'])
      expect(replies[0]!.usage).toEqual({ promptTokens: 1, completionTokens: 2 })
      expect(journal.counts).toEqual(round === 0 ? { hits: 0, calls: 3 } : { hits: 3, calls: 0 })
    }
    expect(model.asked).toBe(3)
  })

  it('tells calls apart by everything in them', async () => {
    const model = countingModel()
    const asking = journalled(model, await openHere())
    const variants: Partial<Call>[] = [
      ...[
        {},
        { rowId: 'b' },
        { stage: 'rewrite' },
        { ordinal: 1 },
        { maxTokens: 51 },
        { temperature: 0 },
        { topP: 0.9 },
      ],
      ...[{ stop: ['.'] }, { seed: 1 }, { messages: [{ role: 'system' as const, content: 'Hello there' }] }],
    ]
    for (const variant of [...variants, ...variants]) await asking.ask(callOf(variant))
    expect(model.asked).toBe(variants.length)
  })

  it('asks once where equal calls come at the same time', async () => {
    const model = countingModel()
    const asking = journalled(model, await openHere())
    await Promise.all([0, 0, 0, 1].map((ordinal) => asking.ask(callOf({ ordinal }))))
    expect(model.asked).toBe(2)
  })

  it('keeps no failure', async () => {
    let asked = 0
    const model: Model = {
      id: 'm',
      async ask() {
        if (++asked === 1) throw new Error('not now')
        return { text: 'now', finish: 'stop' }
      },
    }
    const asking = journalled(model, await openHere())
    await expect(asking.ask(callOf())).rejects.toThrow('not now')
    expect((await asking.ask(callOf())).text).toBe('now')
  })

  it('pays a server once for each reply, whatever faults there are and however often it is asked', async () => {
    const server = await startOpenAiServer({ faults: { reset: 0.1, '503': 0.1, cut: 0.1, html: 0.1 }, seed: 3 })
    try {
      for (let round = 0; round < 2; round++) {
        const model = withRetry(openaiModel('tiny', { endpoint: server.url, apiKey: 'sk-CANARY-77' }), {
          random: () => 0,
        })
        const asking = journalled(model, await openHere())
        await Promise.all(Array.from({ length: 50 }, (_, ordinal) => asking.ask(callOf({ ordinal }))))
      }
      expect([server.totalPaid, server.paid.size]).toEqual([50, 50])
      for (const name of await readdir(folder)) {
        expect(await readFile(join(folder, name), 'utf8')).not.toMatch(/CANARY|Q0FOQVJ/)
      }
    } finally {
      await server.close()
    }
  })
})

describe('a journal', () => {
  it('gives back any text', async () => {
    const journal = await openHere()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20_000 }), fc.nat(), async (text, n) => {
        const key = callKey(text, callOf({ ordinal: n }))
        await journal.append(key, { text, finish: 'length' })
        // What UTF-8 cannot hold, lone surrogates, JSON escapes, so it comes back as well.
        expect(await journal.read(key)).toEqual({ text, finish: 'length' })
      }),
      { numRuns: 30 },
    )
  })

  it('goes on in further segments, and finds the replies of all', async () => {
    await fill(0, 20, { segmentBytes: 500 })
    expect((await readdir(folder)).length).toBeGreaterThan(4)
    expect(await known(await openHere(), 21)).toEqual([...Array(20).fill(true), false])
  })

  it('opens after a crash at any byte of the last record, with all records before it', async () => {
    await fill(0, 3)
    const path = join(folder, '000001.journal')
    const whole = await readFile(path)
    const lastLength = whole.length / 3
    for (let cut = 0; cut < lastLength; cut++) {
      const end = whole.length - cut
      await writeFile(path, whole.subarray(0, end))
      const journal = await openJournal(folder)
      expect(await known(journal, 3)).toEqual([true, true, cut === 0])
      expect(journal.torn).toEqual(
        cut === 0 || cut === lastLength ? [] : [{ segment: '000001.journal', bytes: lastLength - cut }],
      )
      await journal.close()
    }
  })

  it('passes over an end that was made longer but never filled', async () => {
    await fill(0, 2)
    const path = join(folder, '000001.journal')
    await truncate(path, (await stat(path)).size + 5000)
    expect(await known(await openHere(), 2)).toEqual([true, true])
  })

  it('writes after a torn end without losing anything', async () => {
    await fill(0, 2)
    await appendFile(join(folder, '000001.journal'), 'half a rec')
    await fill(2, 4)
    expect(await known(await openHere(), 5)).toEqual([true, true, true, true, false])
  })

  it('stops at any damaged byte before the last record, naming segment and byte', async () => {
    await fill(0, 3)
    const path = join(folder, '000001.journal')
    const whole = await readFile(path)
    const length = whole.length / 3
    for (let at = 0; at < 2 * length; at += 7) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x20
      await writeFile(path, damaged)
      const error = await errorOf(openJournal(folder))
      expect(error).toBeInstanceOf(CorruptInputError)
      expect(error.message).toContain(`000001.journal, byte ${Math.floor(at / length) * length}:`)
    }
  })

  it('notices a record that was damaged after it was opened', async () => {
    await fill(0, 1)
    const journal = await openHere()
    const path = join(folder, '000001.journal')
    const damaged = await readFile(path)
    damaged[damaged.length - 10]! ^= 1
    await writeFile(path, damaged)
    await expect(journal.read(keyOf(0))).rejects.toThrow(CorruptInputError)
  })

  it('is shared by two that are open at once, each writing its own segments', async () => {
    const [first, second] = [await openHere(), await openHere()]
    await Promise.all(
      [0, 1, 2].flatMap((n) => [
        first.append(keyOf(2 * n), replyOf(2 * n)),
        second.append(keyOf(2 * n + 1), replyOf(2 * n + 1)),
      ]),
    )
    expect(await known(first, 6)).toEqual([true, false, true, false, true, false])
    expect(await known(await openHere(), 6)).toEqual(Array(6).fill(true))
  })

  it('keeps the reply that came first where two wrote the same key', async () => {
    const [first, second] = [await openHere(), await openHere()]
    await first.append(keyOf(0), replyOf(0))
    await second.append(keyOf(0), { text: 'later', finish: 'stop' })
    expect(await (await openHere()).read(keyOf(0))).toEqual(replyOf(0))
  })

  it('reads from more segments than it keeps open', async () => {
    for (let n = 0; n < 40; n++) await fill(n, n + 1)
    expect(await known(await openHere(), 40)).toEqual(Array(40).fill(true))
  })

  it('has every reply that it confirmed after a SIGKILL in mid-writing', async () => {
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'journal-writer.mjs'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const confirmed: number[] = []
    let rest = ''
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      confirmed.push(...lines.map(Number))
      if (confirmed.length > 200) writer.kill('SIGKILL')
    })
    await once(writer, 'close')
    expect(confirmed.length).toBeGreaterThan(200)
    const journal = await openHere()
    for (const ordinal of confirmed) {
      expect(await journal.read(keyOf(ordinal))).toEqual({ text: `Reply ${ordinal}`, finish: 'stop' })
    }
  })

  it('stops for good at the first write error, and keeps a model from being paid', async () => {
    const journal = await openHere()
    const model = countingModel()
    const asking = journalled(model, journal)
    await rm(folder, { recursive: true })
    const errors = await Promise.all([0, 1].map((ordinal) => errorOf(asking.ask(callOf({ ordinal })))))
    expect(errors.every((error) => error instanceof DiskError)).toBe(true)
    await expect(asking.ask(callOf({ ordinal: 2 }))).rejects.toThrow(DiskError)
    expect(model.asked).toBe(2)
    // Replies to calls that were in flight come one by one, and each is told.
    for (const n of [3, 4, 5]) await expect(journal.append(keyOf(n), replyOf(n))).rejects.toThrow(DiskError)
  })

  it('says that its folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(openJournal(join(folder, 'file', 'journal'))).rejects.toThrow(DiskError)
  })

  it('is readable by its owner only', async () => {
    const inner = join(folder, 'journal')
    const journal = await openJournal(inner)
    await journal.append(keyOf(0), replyOf(0))
    await journal.close()
    expect((await stat(inner)).mode & 0o777).toBe(0o700)
    expect((await stat(join(inner, '000001.journal'))).mode & 0o777).toBe(0o600)
  })
})

describe('a key', () => {
  it('is the hash of the whole question as canonical JSON', () => {
    const texts = fc.string({ unit: 'binary' })
    const messages = fc.array(fc.record({ role: fc.constantFrom('system', 'user', 'assistant'), content: texts }))
    const about = { messages, rowId: texts, stage: texts, ordinal: fc.nat(), maxTokens: fc.nat() }
    const sampling = { temperature: fc.double(), topP: fc.double(), presencePenalty: fc.double(), seed: fc.nat() }
    const rest = { ...sampling, stop: fc.array(texts), keepCutOff: fc.constant(true) }
    const call = fc.tuple(fc.record(about), fc.record(rest, { requiredKeys: [] })).map(([one, two]) => {
      return { ...two, ...one }
    })
    const scoreCall = fc.record({ prompt: texts, continuation: texts, rowId: texts, stage: texts })
    fc.assert(
      fc.property(texts, fc.oneof(call, scoreCall), (model, question) => {
        const whole = canonicalJson({ version: 1, model, ...question })
        expect(callKey(model, question as Question)).toBe(createHash('sha256').update(whole).digest('hex'))
      }),
    )
  })
})

describe('canonical JSON', () => {
  it('is the same for every order of the keys, and leaves undefined out', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson({ ...turned, '\u0000none': undefined })).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})
