import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findShards, readShard } from '../../src/formats/index.js'
import { CorruptInputError, EndpointError, RefusedError, UsageError } from '../../src/stream/errors.js'
import { type HubOptions, startHubServer } from '../server/hub-server.mjs'
import { collect, errorOf, scratch } from './shards.js'

const [first, second] = ['a'.repeat(40), 'b'.repeat(40)]
const line = (text: string) => `${JSON.stringify({ text })}\n`

async function serve(options: Partial<HubOptions> = {}) {
  const branches: Record<string, string> = { main: first, 'refs/convert/parquet': second }
  const commits: HubOptions['commits'] = {
    [first]: {
      'README.md': '# Data',
      '.gitattributes': '*',
      'data/en/train-0.jsonl': line('en 0'),
      'data/en/train-1.jsonl': line('en 1'),
      'data/en/train-2.jsonl': line('en 2'),
      'data/fr/train-0.jsonl': line('fr 0'),
      'data/fr/test-0 [x]#?%.jsonl': line('fr test'),
      'docs/a.md': '# A',
      'docs/b/c.md': '# C',
    },
    [second]: { 'data/en/train-0.jsonl': line('other') },
  }
  const server = await startHubServer({ repository: 'us/prose', commits, branches, ...options })
  onTestFinished(() => server.close())
  vi.stubEnv('HF_ENDPOINT', server.url)
  return { ...server, branches }
}

const names = async (...inputs: string[]) => (await findShards(inputs)).map(({ name }) => name)

beforeEach(async () => {
  const home = await scratch()
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('HF_HOME', home)
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH']) vi.stubEnv(name, '')
})

describe('shards on the hub', () => {
  it.each([
    ['hf://datasets/squad', ['plain_text/train.jsonl', 'plain_text/valid.jsonl']],
    ['hf://datasets/squad@main/plain_text/train.jsonl', ['train.jsonl']],
    ['hf://datasets/squad/plain_text', ['train.jsonl', 'valid.jsonl']],
    ['hf://datasets/squad/plain_text/t*.jsonl', ['train.jsonl']],
  ])('are found in a data set without an owner: %s', async (input, found) => {
    const files = { 'plain_text/train.jsonl': line('a'), 'plain_text/valid.jsonl': line('b') }
    await serve({ repository: 'squad', commits: { [first]: files }, branches: { main: first } })
    expect(await names(input)).toEqual(found)
    const [shard] = await findShards([input])
    expect(shard!.path).toBe(`hf://datasets/squad@${first}/plain_text/train.jsonl`)
    expect(await collect(readShard(shard!))).toEqual([{ text: 'a' }])
  })

  it('are found by file, folder and pattern, over all pages', async () => {
    const { seen } = await serve()
    expect(await names('hf://datasets/us/prose')).toEqual([
      'data/en/train-0.jsonl',
      'data/en/train-1.jsonl',
      'data/en/train-2.jsonl',
      'data/fr/test-0 [x]#?%.jsonl',
      'data/fr/train-0.jsonl',
    ])
    expect(seen.filter(({ path }) => path.includes('/tree/')).length).toBeGreaterThan(2)
    expect(await names('hf://datasets/us/prose/data/en/')).toEqual(['train-0.jsonl', 'train-1.jsonl', 'train-2.jsonl'])
    expect(await names('hf://datasets/us/prose/data/*/train-[01].jsonl')).toEqual([
      'en/train-0.jsonl',
      'en/train-1.jsonl',
      'fr/train-0.jsonl',
    ])
    expect(await names('hf://datasets/us/prose/data/en/train-1.jsonl')).toEqual(['train-1.jsonl'])
  })

  it('are pinned to the commit that their branch stood at', async () => {
    const { branches } = await serve()
    const shards = await findShards(['hf://datasets/us/prose/data/en/*'])
    branches.main = second
    expect(shards[0]).toEqual({
      name: 'train-0.jsonl',
      path: `hf://datasets/us/prose@${first}/data/en/train-0.jsonl`,
      bytes: 16,
      modifiedMs: 0,
      etag: expect.stringMatching(/^[0-9a-f]{64}$/),
      format: 'jsonl',
    })
    const rows = await Promise.all(shards.map((shard) => collect(readShard(shard))))
    expect(rows.flat()).toEqual([{ text: 'en 0' }, { text: 'en 1' }, { text: 'en 2' }])
    const [moved] = await findShards(['hf://datasets/us/prose/data/en/train-0.jsonl'])
    expect(moved!.name).toBe(shards[0]!.name)
    expect(moved!.etag).not.toBe(shards[0]!.etag)
    expect(await collect(readShard(moved!))).toEqual([{ text: 'other' }])
    const [atRevision] = await findShards(['hf://datasets/us/prose@refs/convert/parquet/data/**'])
    expect(await collect(readShard(atRevision!))).toEqual([{ text: 'other' }])
    expect(await names(`hf://datasets/us/prose@${first}/data/fr/train-0.jsonl`)).toEqual(['train-0.jsonl'])
  })

  it('read whatever their names hold', async () => {
    await serve()
    const [shard] = await findShards(['hf://datasets/us/prose/data/fr/test*'])
    expect(await collect(readShard(shard!))).toEqual([{ text: 'fr test' }])
  })

  it('are one shard where they are texts', async () => {
    await serve()
    const [docs] = await findShards(['hf://datasets/us/prose/docs'])
    expect(docs).toMatchObject({ name: 'docs', format: 'text', path: `hf://datasets/us/prose@${first}/docs`, bytes: 6 })
    expect(await collect(readShard(docs!))).toEqual([
      { path: 'a.md', text: '# A' },
      { path: 'b/c.md', text: '# C' },
    ])
  })

  it('show the token to the hub and to nobody else', async () => {
    const { seen, cdn } = await serve({ token: 'hf_CANARY12345' })
    vi.stubEnv('HF_TOKEN', 'hf_CANARY12345')
    const [shard] = await findShards(['hf://datasets/us/prose/data/en/train-0.jsonl'])
    expect(await collect(readShard(shard!))).toEqual([{ text: 'en 0' }])
    expect(seen.every(({ authorization }) => authorization === 'Bearer hf_CANARY12345')).toBe(true)
    expect(cdn.seen).toHaveLength(1)
    expect(cdn.seen[0]!.headers.authorization).toBeUndefined()
    vi.stubEnv('HF_TOKEN', 'hf_WRONGCANARY')
    const error = await errorOf(() => findShards(['hf://datasets/us/prose/data']))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).not.toMatch(/CANARY/)
    expect(error.fix).toMatch(/HF_TOKEN/)
  })

  it('use the token that the hub’s own tools have kept', async () => {
    await serve({ token: 'hf_kept' })
    await writeFile(join(process.env.HF_HOME!, 'token'), 'hf_kept\n')
    expect(await names('hf://datasets/us/prose/data/en/train-0.jsonl')).toEqual(['train-0.jsonl'])
  })

  it('are found in spite of errors that pass', async () => {
    await serve({ script: ({ count }) => (count % 2 === 0 ? [503, 429, 500, 502][(count / 2) % 4] : undefined) })
    const shards = await findShards(['hf://datasets/us/prose/data/**/train-0.jsonl'])
    expect(shards.map(({ name }) => name)).toEqual(['en/train-0.jsonl', 'fr/train-0.jsonl'])
    expect(await collect(readShard(shards[1]!))).toEqual([{ text: 'fr 0' }])
  })

  it('take only the query of the next page, so a mirror’s token stays with the mirror', async () => {
    const other = await serve()
    const { seen } = await serve({ links: (next) => `<${other.url}${next.pathname}${next.search}>; rel="next"` })
    expect(await names('hf://datasets/us/prose/data')).toHaveLength(5)
    expect(other.seen).toEqual([])
    expect(seen.length).toBeGreaterThan(3)
  })

  it('are refused where the listing turns in a circle', async () => {
    await serve({ links: () => '<?recursive=true>; rel="next"' })
    expect(await errorOf(() => findShards(['hf://datasets/us/prose']))).toBeInstanceOf(EndpointError)
  })

  it.each(['../x', '..', 'a/../../x', '/etc/passwd', 'a\\..\\x', 'a\u0000b', 'a/\u001b[2J.jsonl'])(
    'are refused where the hub lists %j',
    async (path) => {
      await serve({ entries: [{ type: 'file', path, size: 1, oid: 'x' }] })
      expect(await errorOf(() => findShards(['hf://datasets/us/prose/**']))).toBeInstanceOf(CorruptInputError)
    },
  )

  it.each([
    'hf://datasets/us/prose/../other/x.jsonl',
    'hf://datasets/us/..',
    'hf://datasets/../prose/x',
    'hf://datasets/us/prose@../x',
    'hf://datasets/us/prose@..%2f..%2fx/y',
    'hf://datasets/us/prose/a\u0000.jsonl',
    'hf://models/us/prose/x.jsonl',
  ])('have no address like %j', async (address) => {
    const { seen } = await serve()
    expect(await errorOf(() => findShards([address]))).toBeInstanceOf(UsageError)
    expect(seen).toEqual([])
  })

  it('are asked for by their encoded names alone', async () => {
    const { seen } = await serve()
    await errorOf(() => findShards(['hf://datasets/us/prose/%2e%2e/%2e%2e/x.jsonl']))
    expect(seen.at(-1)!.path).toMatch(/^\/api\/datasets\/us\/prose\/tree\/a+\/%252e%252e\/%252e%252e$/)
  })

  it('are missed with the words that help', async () => {
    await serve()
    for (const missing of ['/nowhere/x.jsonl', '/data/x.jsonl', '/data/*.parquet', '@nobranch/data']) {
      const error = await errorOf(() => findShards([`hf://datasets/us/prose${missing}`]))
      expect(error, missing).toBeInstanceOf(UsageError)
      expect(error.fix, missing).toMatch(/Check/)
    }
    await serve({ entries: [{ type: 'file' }] })
    expect(await errorOf(() => findShards(['hf://datasets/us/prose']))).toBeInstanceOf(EndpointError)
  })
})
