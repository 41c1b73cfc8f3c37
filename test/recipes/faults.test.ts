import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../src/recipes/ask/ask.js'
import { openAsking } from '../../src/recipes/ask/asking.js'
import { type MachineOptions, openResources } from '../../src/recipes/resources.js'
import type { ModelStage } from '../../src/recipes/types.js'
import { LimitError, RefusedError } from '../../src/stream/errors.js'
import type { Row } from '../../src/stream/types.js'
import { type Fault, type ServerOptions, startOpenAiServer, usualFaults } from '../server/openai-server.mjs'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const stage: ModelStage<Row, { echo: string }> = {
  name: 'echo',
  prompt: { write: ({ id }) => [{ role: 'user', content: `Row ${id}` }], read: (echo) => ({ echo }) },
  sampling: { maxTokens: 20 },
  usualReply: ({ id }) => id,
}

/** Asks about some rows as a recipe does; tells what became of them, and what the server saw. */
async function askRows(
  rows: number,
  options: ServerOptions,
  { signal, ...machine }: MachineOptions & { signal?: AbortSignal } = {},
) {
  const out = await mkdtemp(join(folder, 'run-'))
  const reply: ServerOptions['reply'] = ({ messages }) => `Echo of ${messages[0]!.content}`
  const server = await startOpenAiServer({ reply, ...options })
  const config = { model: 'openai:tiny', endpoint: server.url }
  const { resources, close } = openResources(config, out, { concurrency: 32, timeout: 4, ...machine })
  const context = { folder: out, signal: signal ?? new AbortController().signal, progress: () => {}, warn: () => {} }
  const asking = await openAsking(context as unknown as Parameters<typeof openAsking>[0], resources)
  async function* numbered() {
    yield Array.from({ length: rows }, (_, n) => ({ id: `s#${n}` }))
  }
  const answered: (Row & { echo: string })[] = []
  const ended = (async () => {
    for await (const batch of ask(stage, asking)(numbered())) answered.push(...batch)
  })().catch((error) => error)
  const error = await ended
  await asking.close()
  await close()
  await server.close()
  const failed = Object.values(asking.log.failed).reduce((sum, count) => sum + count, 0)
  return { answered, failed, server, error }
}

describe('rows asked about at a bad server', () => {
  it.each([
    [30, 0.98],
    [60, 0.9],
  ])(
    'are all answered rightly or fail, with %d %% faults',
    async (percent, least) => {
      const rows = 200
      const faults = Object.fromEntries(usualFaults.map((kind) => [kind, percent / 100 / usualFaults.length]))
      const { answered, failed, server, error } = await askRows(rows, { faults, retryAfterS: 0.5, latencyMs: 5 })
      expect(error).toBeUndefined()
      expect(answered.length + failed).toBe(rows)
      expect(answered.length).toBeGreaterThanOrEqual(rows * least)
      expect(answered.filter(({ id, echo }) => echo !== `Echo of Row ${id}`)).toEqual([])
      expect(server.violations).toBe(0)
    },
    120_000,
  )

  it('are not held up by one that waits to be asked again', async () => {
    const script = (attempt: number) => (first && attempt === 1 ? '429-after' : undefined) as Fault | undefined
    let first = true
    const times: number[] = []
    const reply: ServerOptions['reply'] = ({ messages }) => {
      times.push(performance.now())
      return messages[0]!.content
    }
    const began = performance.now()
    const once: ServerOptions['script'] = (attempt) => {
      const fault = script(attempt)
      first = false
      return fault
    }
    const { answered } = await askRows(4, { script: once, reply, retryAfterS: 1 }, { concurrency: 2 })
    expect(answered).toHaveLength(4)
    // The plea is heard by all, and lifted by the call that was sent beside the refused one.
    expect(times.filter((time) => time - began < 1000).length).toBe(3)
  })

  it('are answered by another endpoint where the first dies, and kept under the name of the first', async () => {
    const other = await startOpenAiServer({ reply: ({ messages }) => `Echo of ${messages[0]!.content}`, latencyMs: 2 })
    const journal = join(folder, 'shared')
    let asked = 0
    const script = () => (++asked > 10 ? 'reset' : undefined) as Fault | undefined
    const machine = { concurrency: 4, journal, alsoAt: other.url }
    const { answered, failed, server } = await askRows(100, { script, latencyMs: 2 }, machine)
    await other.close()
    expect([answered.length, failed, server.totalPaid + other.totalPaid]).toEqual([100, 0, 100])
    const port = Number(new URL(server.url).port)
    const again = await askRows(100, { port, script: () => '500' }, { concurrency: 4, journal })
    expect(again.answered).toEqual(answered)
    expect(again.server.seen).toEqual([])
  })

  it('end with the first refusal, after eight calls at most', async () => {
    const { error, server } = await askRows(500, { script: () => '401', latencyMs: 5 }, { concurrency: 256 })
    expect(error).toBeInstanceOf(RefusedError)
    expect(server.seen.length).toBeLessThanOrEqual(8)
  })

  it('are sent no more once the run is stopped, and those in flight are finished', async () => {
    const stop = new AbortController()
    let seen = 0
    const script = () => {
      if (++seen === 20) stop.abort(new LimitError('enough'))
      return undefined
    }
    const { error, server } = await askRows(500, { script, latencyMs: 20 }, { concurrency: 4, signal: stop.signal })
    expect(error).toBeInstanceOf(LimitError)
    expect(server.seen.length).toBeLessThanOrEqual(24)
    expect(server.totalPaid).toBe(server.seen.length)
  })
})
