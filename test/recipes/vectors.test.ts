import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { curate } from '../../src/recipes/curate.js'
import { statIfThere } from '../../src/stream/stat-if-there.js'
import { sluice, startSluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { paragraph } from '../prose.js'
import { type OpenAiServer, type ServerOptions, startOpenAiServer } from '../server/openai-server.mjs'

let folder: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-vectors-'))
  corpus = join(folder, 'corpus')
  await writeCorpus(corpus)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const servers: OpenAiServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
async function serve(options: ServerOptions = {}): Promise<OpenAiServer> {
  const server = await startOpenAiServer(options)
  servers.push(server)
  return server
}

/** The texts that a server was sent since the last look, without those that only tell of the model. */
function asker(server: OpenAiServer): () => string[] {
  let seen = 0
  return () => {
    const texts = server.seen.slice(seen).flatMap(({ body }) => body.input as string[])
    seen = server.seen.length
    return texts.filter((text) => !/^(?:The same words, embedded again|How long is a vector)/.test(text))
  }
}

let named = 0
const fresh = (name: string) => join(folder, `${name}-${named++}`)

type Options = { input?: string; vectors?: string; recipe?: string; out?: string }

/** Runs a recipe by the vectors of a server; gives the bytes of the result, and the warnings. */
async function run(server: OpenAiServer, config: Record<string, unknown>, options: Options = {}) {
  const { input = corpus, vectors, recipe = 'select', out = fresh('run') } = options
  const warnings: string[] = []
  const own = recipe === 'select' ? { select: 30, coresetRows: 60 } : {}
  await curate({
    recipe,
    inputs: [input],
    out,
    config: { embedder: 'openai:toy', embedderEndpoint: server.url, ...own, ...config },
    machine: vectors === undefined ? {} : { vectors },
    onEvent: (event) => void (event.kind === 'warning' && warnings.push(event.text)),
  })
  return { bytes: await readFile(join(out, 'data', 'train-00000-of-00001.parquet')), warnings }
}

describe('kept vectors', () => {
  it.each(['float32', 'int16', 'int8'])('of %s are paid for once, and choose the same rows', async (precision) => {
    const server = await serve()
    const asked = asker(server)
    const config = { embedderPrecision: precision }
    const vectors = fresh('vectors')
    const first = await run(server, config, { vectors })
    // The pilot has looked at every row of so small a corpus, and the scan asks for none of them again.
    expect(asked().toSorted()).toEqual(texts.toSorted())
    const again = await run(server, config, { vectors })
    expect(asked()).toEqual([])
    expect(again.bytes.equals(first.bytes)).toBe(true)
    const without = await run(server, config)
    expect(asked()).toHaveLength(180)
    expect(without.bytes.equals(first.bytes)).toBe(true)
  })

  it.each(['float32', 'int16', 'int8'])(
    'of %s, made or found, choose the rows that are chosen where none are kept',
    async (embedderPrecision) => {
      const server = await serve()
      const config = { embedder: 'static', embedderPrecision }
      const vectors = fresh('vectors')
      const { bytes } = await run(server, config)
      expect((await run(server, config, { vectors })).bytes.equals(bytes)).toBe(true)
      expect((await run(server, config, { vectors })).bytes.equals(bytes)).toBe(true)
      expect(await readdir(vectors)).toHaveLength(1)
    },
  )

  it('serve every command and strategy, whichever rows they look at, and wherever the corpus lies', async () => {
    const server = await serve()
    const asked = asker(server)
    const vectors = fresh('vectors')
    await run(server, { keep: 'light' }, { vectors })
    const kept = asked()
    expect(kept.length).toBeGreaterThan(60)
    expect(kept.length).toBeLessThan(180)
    await run(server, { by: 'k-center', select: 5 }, { vectors })
    expect([...kept, ...asked()].toSorted()).toEqual(texts.toSorted())
    await run(server, { by: 'semantic' }, { vectors, recipe: 'dedup' })
    await run(server, { precision: 'int16' }, { vectors, recipe: 'embed' })
    const moved = fresh('moved')
    await writeCorpus(moved)
    await run(server, { idColumn: 'text' }, { vectors, input: moved })
    expect(asked()).toEqual([])
  })

  it('of float32 serve those who round', async () => {
    const server = await serve()
    const asked = asker(server)
    const vectors = fresh('vectors')
    await run(server, {}, { vectors, recipe: 'embed' })
    expect(asked()).toHaveLength(180)
    const fromKept = await run(server, { embedderPrecision: 'int8' }, { vectors })
    expect(asked()).toEqual([])
    expect(fromKept.bytes.equals((await run(server, { embedderPrecision: 'int8' })).bytes)).toBe(true)
  })

  it('are not those of a text that has changed, though its file has the same size and ends', async () => {
    const server = await serve()
    const asked = asker(server)
    const path = `${fresh('changing')}.jsonl`
    const lines = Array.from({ length: 600 }, (_, n) => JSON.stringify({ text: paragraph(`changing-${n}`) }))
    await writeFile(path, lines.join('\n'))
    const vectors = fresh('vectors')
    await run(server, {}, { vectors, input: path })
    expect(asked()).toHaveLength(600)
    const changed = lines[300]!.replace('a', 'b')
    await writeFile(path, lines.with(300, changed).join('\n'))
    const now = await run(server, {}, { vectors, input: path })
    expect(asked()).toEqual([JSON.parse(changed).text])
    expect((await run(server, {}, { vectors, input: path })).bytes.equals(now.bytes)).toBe(true)
    expect(asked()).toEqual([])
  })

  it('that are damaged are told of, removed and made anew', async () => {
    const server = await serve()
    const asked = asker(server)
    const vectors = fresh('vectors')
    const first = await run(server, {}, { vectors })
    const segments = (await readdir(vectors, { recursive: true })).filter((name) => /\d{10}-.*\.bin$/.test(name))
    expect(segments).toHaveLength(3)
    const path = join(vectors, segments[0]!)
    const bytes = await readFile(path)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(path, bytes)
    asked()
    const again = await run(server, {}, { vectors })
    expect(again.warnings).toEqual([expect.stringContaining(segments[0]!)])
    expect(asked()).toHaveLength(60)
    expect(again.bytes.equals(first.bytes)).toBe(true)
  })

  it('half written by a process that was killed are swept', async () => {
    const server = await serve()
    const [vectors, out] = [fresh('vectors'), fresh('run')]
    await run(server, {}, { vectors })
    await run(server, {}, { out })
    const segment = (await readdir(vectors, { recursive: true })).find((name) => /\d{10}-.*\.bin$/.test(name))!
    const [old, fresher, own, fetched] = [
      join(vectors, `${segment}.a.tmp-1`),
      join(vectors, `${segment}.b.tmp-1`),
      join(out, '.sluice', 'vectors', 'c.tmp-1'),
      join(out, '.sluice', 'batches', 'd.results.jsonl.tmp-1'),
    ]
    await mkdir(dirname(fetched))
    for (const path of [old, fresher, own, fetched]) await writeFile(path, 'half')
    await utimes(old, 0, Date.now() / 1000 - 25 * 3600)
    await run(server, {}, { vectors })
    await run(server, {}, { out })
    const there = await Promise.all([old, fresher, own, fetched].map((path) => statIfThere(path)))
    // Of those in a shared folder one may be another's, who is still writing.
    expect(there.map((found) => found !== undefined)).toEqual([false, true, false, false])
  })

  it('of another model behind the same name are refused', async () => {
    const server = await serve()
    const vectors = fresh('vectors')
    await run(server, {}, { vectors })
    const { port } = new URL(server.url)
    await servers.pop()!.close()
    const other = await serve({ port: Number(port), dimensions: 24 })
    await expect(run(other, {}, { vectors })).rejects.toThrow(/gives other vectors/)
  })

  it('are kept inside a run, so that one whose endpoint went down pays for no text twice', async () => {
    let isDown = false
    let requests = 0
    const server = await serve({ script: () => (isDown || ++requests > 4 ? '401' : undefined) })
    const asked = asker(server)
    const out = fresh('run')
    await expect(run(server, {}, { out })).rejects.toThrow(/refuses/)
    const before = new Set(asked())
    requests = Number.NEGATIVE_INFINITY
    isDown = false
    const { bytes } = await run(server, {}, { out })
    const after = asked()
    // What was asked by the refused request comes again, and nothing else.
    expect(after.filter((text) => before.has(text)).length).toBeLessThanOrEqual(64)
    expect(bytes.equals((await run(server, {})).bytes)).toBe(true)
  })
})

describe('sluice', () => {
  it('keeps vectors of several threads in the folder it is given', async () => {
    const server = await serve()
    const asked = asker(server)
    const vectors = fresh('vectors')
    const results: Buffer[] = []
    for (const workers of ['2', '1']) {
      const out = fresh('embedded')
      const where = ['--embedder', 'openai:toy', '--embedder-endpoint', server.url, '--vectors', vectors]
      const { code, stderr } = await sluice(['embed', corpus, '-o', out, '--workers', workers, ...where])
      expect(stderr).toContain('Wrote')
      expect(code).toBe(0)
      results.push(await readFile(join(out, 'data', 'train-00000-of-00001.parquet')))
    }
    expect(asked().toSorted()).toEqual(texts.toSorted())
    expect(results[0]!.equals(results[1]!)).toBe(true)
  })

  it('refuses to keep vectors at an address', async () => {
    const { code, stderr } = await sluice(['embed', corpus, '-o', fresh('out'), '--vectors', 's3://bucket/kept'])
    expect(stderr).toContain('Expected --vectors to be a folder on this machine, got s3://bucket/kept')
    expect(code).toBe(2)
  })

  it('killed halfway goes on with the vectors that it had', async () => {
    const server = await serve({ latencyMs: 2 })
    const path = `${fresh('many')}.jsonl`
    const lines = Array.from({ length: 20_000 }, (_, n) =>
      JSON.stringify({ text: `${n} ${paragraph(`many-${n % 50}`)}` }),
    )
    await writeFile(path, lines.join('\n'))
    const out = `${fresh('picked')}.parquet`
    const flags = ['--embedder', 'openai:toy', '--embedder-endpoint', server.url, '-n', '20', '-o', out]
    const { child, finished } = startSluice(['select', path, ...flags])
    const texts = () => server.seen.reduce((sum, { body }) => sum + (body.input as string[]).length, 0)
    while (texts() < 13_000 && child.exitCode === null) await wait(5)
    child.kill('SIGKILL')
    await finished
    const before = texts()
    expect((await sluice(['select', path, ...flags])).code).toBe(0)
    // At most a segment and a tile were lost.
    expect(before + (texts() - before)).toBeLessThanOrEqual(20_000 + 4096 + 1024 + 10)
    expect(await collect(readShards(await findShards([out])))).toHaveLength(20)
  })
})

/** A third of them too short for any selector. */
const texts = Array.from({ length: 180 }, (_, n) => (n % 3 === 0 ? `Too short ${n}.` : paragraph(`kept-${n}`)))

async function writeCorpus(path: string): Promise<void> {
  await mkdir(path)
  for (let shard = 0; shard < 3; shard++) {
    const lines = texts.slice(60 * shard, 60 * (shard + 1)).map((text) => JSON.stringify({ text }))
    await writeFile(join(path, `${shard}.jsonl`), lines.join('\n'))
  }
}
