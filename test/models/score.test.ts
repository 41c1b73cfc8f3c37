import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { budgeted, noSpending } from '../../src/models/budget.js'
import { journalled, openJournal } from '../../src/models/journal.js'
import { limited } from '../../src/models/limit.js'
import { openaiModel } from '../../src/models/openai.js'
import { recorded } from '../../src/models/record.js'
import { replayModel } from '../../src/models/replay.js'
import { withRetry } from '../../src/models/retry.js'
import { readScoreReply } from '../../src/models/score-reply.js'
import { scoringBy } from '../../src/models/scoring.js'
import type { Model, ScoreCall } from '../../src/models/types.js'
import { UsageError } from '../../src/stream/errors.js'
import { type Fault, type OpenAiServer, type ServerOptions, startOpenAiServer } from '../server/openai-server.mjs'
import { callOf, errorOf } from './calls.js'

const servers: OpenAiServer[] = []
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-score-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(options: ServerOptions = {}): Promise<OpenAiServer> {
  const server = await startOpenAiServer(options)
  servers.push(server)
  return server
}

const asked: ScoreCall = {
  prompt: 'Why is the sky blue?',
  continuation: ' Air scatters blue.',
  rowId: 'a#0',
  stage: 'ifd',
}
const scoreAt = (server: OpenAiServer, call = asked) => scoringBy(openaiModel('tiny', { endpoint: server.url }))(call)

describe('a score', () => {
  it('is the sum over the tokens of the continuation, and over no other', async () => {
    const server = await start()
    const score = await scoreAt(server)
    expect(server.seen[0]!.path).toBe('/v1/completions')
    expect(server.seen[0]!.body).toMatchObject({
      ...{ prompt: asked.prompt + asked.continuation, echo: true, logprobs: 1, max_tokens: 1, temperature: 0 },
    })
    // ` Air`, ` scatte`, `rs`, ` blue.`; the prompt's are `Why`, ` is`, ` the`, ` sky`, ` blue?`.
    expect(score).toMatchObject({ tokens: 4, usage: { promptTokens: 9, completionTokens: 1 } })
    expect(score.logProbability).toBeLessThan(0)
    const whole = await scoreAt(server, { ...asked, prompt: '', continuation: asked.prompt + asked.continuation })
    const question = await scoreAt(server, { ...asked, prompt: '', continuation: asked.prompt })
    expect(whole.tokens).toBe(8)
    expect(whole.logProbability - question.logProbability).toBeCloseTo(score.logProbability, 9)
  })

  it.each<Fault>(['not-finite', 'positive', 'wrong-count', 'other-text', 'no-choices', 'html', 'cut'])(
    'is never read from an answer with %s',
    async (fault) => {
      const server = await start({ script: () => fault })
      expect(await errorOf(scoreAt(server))).toMatchObject({ name: 'HttpFailure', retryable: true })
    },
  )

  it.each<Fault>(['no-echo', 'echo-refused'])('is refused where the server has none: %s', async (fault) => {
    const error = await errorOf(scoreAt(await start({ script: () => fault })))
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).fix).toContain('vLLM')
  })

  it('is refused of a server that gives each token the number of the place behind it', async () => {
    const recorded = join(import.meta.dirname, '../../fixtures/values/echo-llama-cpp-python.json')
    const { answer, ...call } = JSON.parse(await readFile(recorded, 'utf8'))
    expect(() => readScoreReply(answer, call)).toThrow(UsageError)
    // The same where they belong, as other servers answer.
    const { logprobs } = answer.choices[0]
    logprobs.top_logprobs = [null, ...logprobs.top_logprobs.slice(0, -1)]
    expect(readScoreReply(answer, call)).toMatchObject({ tokens: 8 })
    delete logprobs.top_logprobs
    expect(readScoreReply(answer, call)).toMatchObject({ tokens: 8 })
  })

  it('is refused of a model that cannot tell', () => {
    const model: Model = { id: 'mute', ask: async () => ({ text: 'Hm.', finish: 'stop' }) }
    expect(() => scoringBy(withRetry(limited(model, { concurrency: 1 })))).toThrow(UsageError)
  })

  it('is asked again, counted, kept in the journal and in a recording', async () => {
    const server = await start({ script: (attempt) => (attempt < 3 ? 'other-text' : undefined) })
    const journal = await openJournal(join(folder, 'journal'))
    const spent = noSpending()
    const clock = { now: Date.now, sleep: async () => {} }
    const bare = openaiModel('tiny', { endpoint: server.url })
    const model = withRetry(limited(budgeted(bare, { spent }), { concurrency: 4 }), { clock })
    const path = join(folder, 'recording.jsonl')
    const kept = recorded(journalled(model, journal), path)
    const first = await scoringBy(kept)(asked)
    expect(await scoringBy(kept)(asked)).toEqual(first)
    expect(spent).toEqual({ requests: 3, promptTokens: 9, completionTokens: 1 })
    expect(journal.counts).toEqual({ hits: 1, calls: 1 })
    await kept.close!()
    await journal.close()

    const again = await openJournal(join(folder, 'journal'))
    const silent: Model = { ...bare, score: () => Promise.reject(new HttpFailure('asked', { retryable: false })) }
    expect(await scoringBy(journalled(silent, again))(asked)).toEqual(first)
    await again.close()
    const replayed = await replayModel(path)
    expect(await scoringBy(replayed)(asked)).toEqual(first)
    await expect(scoringBy(replayed)({ ...asked, prompt: '' })).rejects.toThrow(/about a#0; the one .* other prompt/)
    await expect(replayed.ask(callOf({ stage: 'ifd' }))).rejects.toThrow('no reply to ifd about a#0, sample 0.')
  })
})
