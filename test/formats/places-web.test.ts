import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { describeShard, findShards, readShard, splitShard, writeRows } from '../../src/formats/index.js'
import { CorruptInputError, EndpointError, RefusedError, UsageError } from '../../src/stream/errors.js'
import { type FilesOptions, startFilesServer } from '../server/files-server.mjs'
import { collect, errorOf, inBatches, rowsAt, scratch } from './shards.js'

const folder = join(import.meta.dirname, '../../fixtures/shards')
const rows = Array.from({ length: 60_000 }, (_, id) => ({ id, text: `row ${id} ${'x'.repeat(id % 60)}` }))
const jsonl = rows.map((row) => `${JSON.stringify(row)}\n`).join('')

async function serve(files: FilesOptions['files'], options: Partial<FilesOptions> = {}) {
  const server = await startFilesServer({ files, ...options })
  onTestFinished(() => server.close())
  return server
}

describe('shards on a web server', () => {
  it.each([
    'flat-zstd.parquet',
    'nested-pages-2.0.parquet',
    'page-index.parquet',
    'both-zstd.arrow',
    'both-plain.arrows',
    'members.jsonl.gz',
    'windows.jsonl',
  ])('read as they do from disk: %s', async (name) => {
    const path = join(folder, name)
    const { url } = await serve({ [`/${name}`]: await readFile(path) })
    const [shard] = await findShards([`${url}/${name}`])
    expect(await collect(readShard(shard!))).toEqual(await rowsAt(path))
    expect(await describeShard(shard!)).toEqual(await describeShard((await findShards([path]))[0]!))
  })

  it('are named by their path, and marked by date and ETag', async () => {
    const { url } = await serve({ '/a/x.jsonl': '{}\n', '/b/y.jsonl': '{"a":1}\n' })
    const shards = await findShards([`${url}/b/y.jsonl?download=true`, `${url}/a/x.jsonl`])
    expect(shards).toEqual([
      {
        name: 'a/x.jsonl',
        path: `${url}/a/x.jsonl`,
        bytes: 3,
        modifiedMs: Date.UTC(2025, 10, 1),
        etag: expect.any(String),
        format: 'jsonl',
      },
      {
        name: 'b/y.jsonl',
        path: `${url}/b/y.jsonl?download=true`,
        bytes: 8,
        modifiedMs: Date.UTC(2025, 10, 1),
        etag: expect.any(String),
        format: 'jsonl',
      },
    ])
    expect(shards[0]!.etag).not.toBe(shards[1]!.etag)
    const disk = await scratch({ 'z.jsonl': '{}' })
    const mixed = await findShards([join(disk, 'z.jsonl'), `${url}/a/x.jsonl`])
    expect(mixed.map(({ name }) => name)).toEqual(
      [`${join(disk, 'z.jsonl').slice(1)}`, `http/${new URL(url).host}/a/x.jsonl`].sort(),
    )
    await expect(findShards([`${url}/a/x.jsonl?v=1`, `${url}/a/x.jsonl?v=2`])).rejects.toThrow(/would both be called/)
  })

  it('stream through cuts, 503s and stalls, gzipped or not', async () => {
    for (const body of [Buffer.from(jsonl), gzipSync(jsonl, { level: 1 })]) {
      const cut = Math.floor(body.length / 3)
      const { url, seen } = await serve(
        { '/rows.jsonl': body },
        {
          script: ({ count }) => [undefined, { cutAfter: cut }, { status: 503 }, { cutAfter: cut }][count],
        },
      )
      expect(await rowsAt(`${url}/rows.jsonl`)).toEqual(rows)
      expect(seen.map(({ range }) => range?.replace(/\d{2,}/, 'N'))).toEqual([
        'bytes=0-0',
        undefined,
        'bytes=N-',
        'bytes=N-',
        'bytes=N-',
      ])
    }
  })

  it('read a row range of Parquet without fetching the rest', async () => {
    const path = join(await scratch(), 'rows.parquet')
    const noise = rows.map(({ id }) => ({ id, text: String(Math.sin(id)).repeat(6) }))
    await writeRows(path, { schema: { id: 'int64', text: 'string' } })(inBatches(noise, 1000))
    const file = await readFile(path)
    const { url, seen } = await serve(
      { '/rows.parquet': file },
      {
        script: ({ count }) => (count % 5 === 3 ? { status: 503 } : undefined),
      },
    )
    const [shard] = await findShards([`${url}/rows.parquet`])
    expect(await collect(readShard(shard!, { columns: ['id'], rows: { start: 10, end: 12 } }))).toEqual([
      { id: 10 },
      { id: 11 },
    ])
    expect(await collect(readShard(shard!))).toEqual(noise)
    expect((await splitShard(shard!, { bytes: 1 })).length).toBeGreaterThan(0)
    expect(seen.every(({ range }) => range !== undefined)).toBe(true)
  })

  it('read from a server without ranges', async () => {
    const path = join(folder, 'flat-snappy.parquet')
    const { url } = await serve({ '/x.parquet': await readFile(path), '/x.jsonl': jsonl }, { ranges: false })
    expect(await rowsAt(`${url}/x.parquet`)).toEqual(await rowsAt(path))
    expect(await rowsAt(`${url}/x.jsonl`)).toEqual(rows)
  })

  it('are corrupt when they change on the way', async () => {
    const { url } = await serve(
      { '/x.jsonl': jsonl },
      {
        script: ({ count }) => [undefined, { cutAfter: 9999 }, { etag: '"changed"' }][count],
      },
    )
    const error = await errorOf(() => rowsAt(`${url}/x.jsonl`))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toBe(`${url}/x.jsonl: it changed while being read`)
  })

  it('say who can act where they cannot be read', async () => {
    const { url } = await serve(
      {},
      {
        script: ({ path }) => ({ status: Number(path.slice(1, 4)), body: 'key sk-LEAKCANARY-server in it' }),
      },
    )
    const failing = (status: number) => errorOf(() => findShards([`${url}/${status}.jsonl?sig=sk-MYCANARY`]))
    for (const [status, type] of [
      [401, RefusedError],
      [403, RefusedError],
      [404, UsageError],
      [501, EndpointError],
    ] as const) {
      const error = await failing(status)
      expect(error).toBeInstanceOf(type)
      expect(error.message).toContain(`${url}/${status}.jsonl: status ${status}`)
      expect(error.message).not.toMatch(/CANARY/)
    }
    expect(await errorOf(() => findShards(['ftp://host/x.jsonl']))).toBeInstanceOf(UsageError)
    expect((await errorOf(() => findShards(['http://example.com/x.jsonl']))).message).toMatch(/not encrypted/)
    const withPassword = await errorOf(() => findShards(['https://me:pass123@example.com/x.jsonl']))
    expect(withPassword.message).toMatch(/name or password/)
    expect(withPassword.message).not.toMatch(/pass123/)
  })

  it('take their format from --from where their name has no ending', async () => {
    const { url } = await serve({ '/download': '{"a":1}\n' })
    const [shard] = await findShards([`${url}/download?id=7`], { from: 'jsonl' })
    expect(await collect(readShard(shard!))).toEqual([{ a: 1 }])
    await expect(findShards([`${url}/download`])).rejects.toThrow(UsageError)
  })

  it('read text of a web server as one row', async () => {
    const { url } = await serve({ '/docs/a.md': '# A' })
    expect(await rowsAt(`${url}/docs/a.md`)).toEqual([{ path: 'a.md', text: '# A' }])
  })
})
