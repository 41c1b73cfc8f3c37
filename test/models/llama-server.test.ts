// The command line against a server that is none of ours: llama.cpp's own, of a small model.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { type Finished, sluice, startSluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { paragraph } from '../prose.js'
import { type LlamaServer, noLlamaServer, startLlamaServer } from '../server/llama-server.js'

if (noLlamaServer !== undefined) console.warn(`SKIPPED: ${noLlamaServer}.`)

describe.skipIf(noLlamaServer !== undefined)('a server of llama.cpp', { timeout: 300_000 }, () => {
  let folder: string
  let server: LlamaServer
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-llama-'))
    server = await startLlamaServer()
  })
  afterAll(async () => {
    await server?.kill()
    await rm(folder, { recursive: true, force: true })
  })

  const write = async (name: string, rows: readonly object[]) => {
    const path = join(folder, name)
    await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return path
  }
  const command = (recipe: string, corpus: string, out: string, { url } = server) => [
    ...['run', recipe, corpus, '-o', join(folder, out), '-q', '--json', '--max-failed', '1'],
    ...['--model', 'openai:smollm2', '--endpoint', url, '--concurrency', '2'],
  ]
  const embedding = (corpus: string, out: string, { url }: LlamaServer) => [
    ...['embed', corpus, '-o', join(folder, out), '-q', '--embedder', 'openai:smollm2', '--embedder-endpoint', url],
  ]
  const pairs = ['Name three colours.', 'Say why bread rises.'].map((instruction) => ({ instruction, output: 'Red.' }))
  const texts = [0, 1, 2].map((n) => ({ text: paragraph(`llama ${n}`).slice(0, 400) }))
  const longText = paragraph('llama').repeat(40)
  const wide = ['--selector', 'light', '--min-chars', '10', '--max-chars', '100000', '--max-tokens', '16']
  const tallyOf = async (run: Promise<Finished>) => {
    const { code, stdout, stderr } = await run
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout).tally
  }

  it('writes the JSON that judges are held to', async () => {
    const asked = command('magpie', await write('pairs.jsonl', pairs), 'judged')
    // Whatever the label, it could be read.
    expect(await tallyOf(sluice([...asked, '--structured', '--min-quality', 'very poor']))).toMatchObject({
      in: 2,
      out: 2,
    })
  })

  it('fails the row alone whose prompt is longer than its context', async () => {
    const corpus = await write('long.jsonl', [...texts, { text: longText }])
    const tally = await tallyOf(sluice([...command('reinstruct', corpus, 'long'), ...wide]))
    expect(tally).toMatchObject({ in: 4, failed: { 'instruct: prompt too long': 1 } })
  })

  it('may end and come back while it is asked: no row is lost', async () => {
    let own = await startLlamaServer()
    try {
      const corpus = await write('texts.jsonl', texts)
      const { finished } = startSluice([...command('reinstruct', corpus, 'back', own), ...wide])
      while (!(await own.isBusy())) await wait(20)
      await own.kill()
      own = await startLlamaServer({ port: own.port })
      const { in: rows, failed } = await tallyOf(finished)
      expect(rows).toBe(3)
      expect(Object.keys(failed).filter((reason) => !reason.endsWith('reply cut off'))).toEqual([])
    } finally {
      await own.kill()
    }
  })

  it('is told apart from one that has log-probabilities of a text', async () => {
    const { code, stderr } = await sluice(command('ifd', await write('ifd.jsonl', pairs), 'ifd'))
    expect(code).toBe(2)
    expect(stderr).toContain('does not give the log-probabilities of a text that it is sent')
  })

  it('is known by its words where the address is wrong, and where it was not started to embed', async () => {
    const corpus = await write('texts.jsonl', texts)
    const elsewhere = { ...server, url: server.url.replace(/v1$/, 'v2') }
    expect((await sluice([...command('reinstruct', corpus, 'none', elsewhere), ...wide])).code).toBe(4)
    const { code, stderr } = await sluice(embedding(corpus, 'mute', server))
    expect(code).toBe(5)
    expect(stderr).toContain('llama.cpp: --embeddings')
  })

  it('embeds texts, and says at once that one is too long for it', async () => {
    const own = await startLlamaServer({ embeds: true })
    try {
      const done = await sluice(embedding(await write('texts.jsonl', texts), 'vectors', own))
      expect(done.code, done.stderr).toBe(0)
      const rows = (await collect(await readShards(await findShards([join(folder, 'vectors')])))).flat()
      expect(rows.map((row) => (row.vector as number[]).length)).toEqual([576, 576, 576])
      const { code, stderr } = await sluice(embedding(await write('long.jsonl', [{ text: longText }]), 'too-long', own))
      expect(code).toBe(5)
      expect(stderr).toMatch(/too large to process[\s\S]*--ubatch-size/)
    } finally {
      await own.kill()
    }
  })
})
