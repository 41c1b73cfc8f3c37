// Runs in batches, whole, stopped and killed. A long one: SLUICE_KILLS=200 npx vitest run test/crash/batch -t 'call to the disk'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sluice, startSluice } from '../cli/sluice.js'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { benchFor, outputOf } from '../recipes/whole-run.js'
import { type BatchServer, type BatchServerOptions, startBatchServer } from '../server/batch-server.mjs'
import { share } from '../server/openai-answers.mjs'
import type { OpenAiServer } from '../server/openai-server.mjs'
import { killLoop } from './kill-loop.js'

const preload = pathToFileURL(fileURLToPath(new URL('./kill-at-call.mjs', import.meta.url))).href

let corpus: string
let single: OpenAiServer
let out: string
benchFor({ fill: (to) => writeProseShards(to, 2, 40), reply: toyReply }, (bench) => {
  ;({ corpus, server: single, out } = bench)
})

const asked = (endpoint: string) => ['--model', 'openai:toy', '--endpoint', endpoint]
const chosen = ['--selector', 'light', '--select', '24', '--seed', '7', '--max-failed', '1']
const inBatches = (to: string, { url }: BatchServer, size = 64) => [
  ...['run', 'reinstruct', corpus, '-o', to, ...chosen, ...asked(url)],
  ...['--batch', '--batch-poll', '0.05', '--batch-size', `${size}`],
]

let calm: Record<string, string> | undefined
/** What a run leaves that asks call by call. */
async function calmOutput(): Promise<Record<string, string>> {
  if (calm) return calm
  const to = join(out, 'single')
  const done = await sluice(['run', 'reinstruct', corpus, '-o', to, ...chosen, ...asked(single.url), '-q'])
  expect(done.code, done.stderr).toBe(0)
  calm = await outputOf(to)
  return calm
}

async function withServer(options: BatchServerOptions, test: (server: BatchServer) => Promise<void>): Promise<void> {
  const server = await startBatchServer({ reply: toyReply, ...options })
  try {
    await test(server)
  } finally {
    await server.close()
  }
}

const paidTwice = ({ paid }: BatchServer) => [...paid.values()].filter((times) => times !== 1)

describe('a run in batches', () => {
  it('gives the bytes of a run call by call, also where some lines fail and some batches end early', async () => {
    const expected = await calmOutput()
    await withServer(
      {
        endOf: (number) => (number === 2 ? 'expired' : undefined),
        lineFault: (key, attempt) => (attempt === 1 && share(key) < 0.15 ? '500' : undefined),
      },
      async (server) => {
        const to = join(out, 'batched')
        const prices = join(out, 'prices.yaml')
        await writeFile(prices, 'openai:toy: {input: 100, output: 200, batch: 0.25}\n')
        const done = await sluice([...inBatches(to, server, 16), '--prices', prices])
        expect(done.code, done.stderr).toBe(0)
        expect(done.stderr).toMatch(/batch batch_1 of \d+ requests? is sent[\s\S]*batch batch_2 is expired/)
        const [, prompts, replies, dollars] = /(\d+) \+ (\d+) tokens, ([\d.]+) dollars/.exec(done.stderr)!.map(Number)
        expect(dollars).toBeCloseTo((25 * prompts! + 50 * replies!) / 1e6, 3)
        expect(await outputOf(to)).toEqual(expected)
        expect(paidTwice(server)).toEqual([])
      },
    )
  })

  it('leaves its batch to the endpoint at Ctrl-C and says so; status shows it, and the same command collects it', async () => {
    const expected = await calmOutput()
    let isSlow = true
    await withServer({ looks: 1 }, async (server) => {
      const { child, finished } = startSluice(inBatches(out, server, 16).concat('--batch-poll', '60'))
      while (isSlow) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        isSlow = !(await sluice(['status', out])).stdout.includes('batch_1')
      }
      child.kill('SIGINT')
      const stopped = await finished
      expect(stopped.code).toBe(130)
      expect(stopped.stderr).toMatch(/To go on where it left off[\s\S]*Batches that go on at the endpoint.*: \d+\n/)
      const status = JSON.parse((await sluice(['status', out, '--json'])).stdout)
      expect(status.state).toBe('stopped')
      expect(status.batches[0]).toMatchObject({ id: 'batch_1', requests: expect.any(Number) })
      const done = await sluice(inBatches(out, server, 16))
      expect(done.code, done.stderr).toBe(0)
      expect(done.stderr).toMatch(/batch batch_1 of \d+ requests? is taken up again/)
      expect(await outputOf(out)).toEqual(expected)
      expect(paidTwice(server)).toEqual([])
      expect((await sluice(['status', out])).stdout).not.toContain('batch_')
    })
  })

  it('is planned at half the price, where that is known', async () => {
    const dollars = async (...more: string[]) => {
      const model = ['--model', 'openai:gpt-4o-mini', '--endpoint', 'https://api.openai.com/v1']
      const { stdout, stderr } = await sluice(['plan', 'reinstruct', corpus, ...chosen, ...model, '--json', ...more])
      expect(stderr).toBe('')
      return JSON.parse(stdout).cost.expected as number
    }
    expect(await dollars('--batch')).toBeCloseTo((await dollars()) / 2, 10)
  })

  it.each([
    [['--model', 'smollm2'], /smollm2 cannot be asked in batches/],
    [['--also-at', 'http://127.0.0.1:9/v1'], /alsoAt/],
    [['--tokens-per-minute', '10'], /tokensPerMinute/],
  ])('is refused with %j', async (more, message) => {
    await withServer({}, async (server) => {
      const refused = await sluice([...inBatches(out, server), ...more])
      expect(refused.code).toBe(2)
      expect(refused.stderr).toMatch(message)
      expect(server.seen).toEqual([])
    })
  })
})

describe('a run in batches that is killed', () => {
  it('at any of its requests, done but not answered, loses nothing and pays nothing twice', async () => {
    const expected = await calmOutput()
    let steps = 1
    for (let at = 1; at <= steps; at++) {
      let kill: (() => void) | undefined
      const onRequest = (n: number) => {
        if (n !== at || kill === undefined) return false
        kill()
        return true
      }
      await withServer({ looks: 1, onRequest }, async (server) => {
        const to = join(out, `at-${at}`)
        const { child, finished } = startSluice(inBatches(to, server))
        kill = () => child.kill('SIGKILL')
        const { signal, stderr, code } = await finished
        kill = undefined
        if (signal === null) expect(code, stderr).toBe(0)
        steps = Math.max(steps, server.seen.length)
        const done = await sluice(inBatches(to, server))
        expect(done.code, done.stderr).toBe(0)
        expect(await outputOf(to), `killed at request ${at}`).toEqual(expected)
        expect(paidTwice(server), `killed at request ${at}`).toEqual([])
        // Not a file is left that somebody still waits for.
        const left = await readdir(join(to, '.sluice', 'batches'))
        expect(left.filter((name) => name.endsWith('.requests.jsonl'))).toEqual([])
        steps = Math.max(steps, server.seen.length)
      })
    }
    // Of each stage: file, batch, a look, and one or two files of results.
    expect(steps).toBeGreaterThanOrEqual(8)
  }, 300_000)

  it('at any call to the disk loses nothing and pays nothing twice', async () => {
    const expected = await calmOutput()
    await withServer({}, async (first) => {
      let server = first
      const env = (to: string, at = Number.POSITIVE_INFINITY) => ({
        ...{ SLUICE_KILL_BELOW: join(to, '.sluice', 'batches'), SLUICE_KILL_AT: String(at) },
      })
      const start = (to: string, at?: number) => startSluice(inBatches(to, server), { preload, env: env(to, at) })
      const began = Date.now()
      const { code, stderr } = await start(join(out, 'calm')).finished
      expect(code, stderr).toBe(0)
      const calls = Number(/(\d+) calls\n/.exec(stderr)![1])
      expect(calls).toBeGreaterThan(20)
      const { runs } = await killLoop({
        ...{ start, folder: out, kills: Number(process.env.SLUICE_KILLS ?? 8) },
        calm: { ms: Date.now() - began, calls },
        onBegin: async () => {
          if (server !== first) await server.close()
          server = await startBatchServer({ reply: toyReply })
        },
        onFinished: async (to) => {
          expect(await outputOf(to)).toEqual(expected)
          expect(paidTwice(server)).toEqual([])
          const left = await readdir(join(to, '.sluice'), { recursive: true })
          expect(left.filter((name) => name.includes('.tmp'))).toEqual([])
        },
      })
      await server.close()
      console.log(`in batches: ${runs} runs killed and gone on with, nothing lost, nothing paid twice`)
    })
  }, 600_000)
})
