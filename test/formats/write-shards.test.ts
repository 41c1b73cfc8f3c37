import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Columns, findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { writeShards } from '../../src/formats/write-shards.js'
import { EndpointError, RefusedError, UsageError } from '../../src/stream/errors.js'
import type { Batches } from '../../src/stream/types.js'
import { sluice } from '../cli/sluice.js'
import { type HubOptions, startHubServer } from '../server/hub-server.mjs'
import { hasS3Server, type S3Server, startS3Server } from '../server/s3-server.mjs'
import { collect, errorOf, inBatches, scratch } from './shards.js'

const first = 'a'.repeat(40)
const token = 'hf_CANARY12345'
const rows = Array.from({ length: 25 }, (_, n) => ({ n, text: `é ${n}` }))
const write = (folder: string, source: Batches<Columns> = inBatches(rows), format = 'parquet') =>
  writeShards(source, { folder, format, shardRows: 10 })
const namesOf = (count: number, ending = 'parquet') =>
  Array.from({ length: count }, (_, n) => `train-0000${n}-of-0000${count}.${ending}`)

/** Ten rows, then a fault of the source. */
async function* failing(): Batches<Columns> {
  yield rows.slice(0, 15)
  throw new Error('the source broke')
}

beforeEach(async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('HF_HOME', await scratch())
  for (const name of ['HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH', 'AWS_ENDPOINT_URL_S3', 'AWS_SESSION_TOKEN'])
    vi.stubEnv(name, '')
  vi.stubEnv('HF_TOKEN', token)
})

describe('shards in a folder of this machine', () => {
  it('appear together under names that count them, or not at all', async () => {
    const folder = await scratch()
    expect(await write(join(folder, 'out'))).toMatchObject({ rows: 25, shards: 3 })
    expect(await readdir(join(folder, 'out'))).toEqual(namesOf(3))
    expect((await errorOf(() => write(join(folder, 'out')))).message).toContain('not empty')
    expect((await errorOf(() => write(join(folder, 'never'), failing()))).message).toBe('the source broke')
    expect(await readdir(folder)).toEqual(['out'])
  })
})

async function serveHub(options: Partial<HubOptions> = {}) {
  const branches: Record<string, string> = { main: first }
  const commits: HubOptions['commits'] = { [first]: { 'README.md': '# Data', 'old/a.parquet': 'a' } }
  const server = await startHubServer({ repository: 'us/prose', commits, branches, token, ...options })
  onTestFinished(() => server.close())
  vi.stubEnv('HF_ENDPOINT', server.url)
  const files = () => Object.keys(commits[branches.main!]!).sort()
  return { ...server, branches, commits, files }
}
const data = 'hf://datasets/us/prose/data'

describe('the rows that come to shards', () => {
  it('are let go of where a shard cannot be written', async () => {
    let isOpen = false
    async function* source(): Batches<Columns> {
      isOpen = true
      try {
        yield rows
        yield rows
      } finally {
        isOpen = false
      }
    }
    await errorOf(async () => write(join(await scratch(), 'out'), source(), 'nope'))
    expect(isOpen).toBe(false)
  })
})

describe('shards in a folder of the hub', () => {
  it('are one commit, and read back the same', async () => {
    const { commits, files } = await serveHub({ upload: { chunkBytes: 300 } })
    expect(await write(data)).toMatchObject({ rows: 25, shards: 3 })
    expect(Object.keys(commits)).toHaveLength(2)
    expect(files()).toEqual(['README.md', ...namesOf(3).map((name) => `data/${name}`), 'old/a.parquet'])
    expect(await collect(readShards(await findShards([data])))).toEqual(rows)
  })

  it('lie in git itself where the hub wants small texts there', async () => {
    const { uploads } = await serveHub()
    await write(data, inBatches(rows), 'jsonl')
    expect(uploads.seen).toEqual([])
    expect([...uploads.inGit]).toEqual(namesOf(3, 'jsonl').map((name) => `data/${name}`))
  })

  it('come by the command line', async () => {
    const { commits } = await serveHub()
    const folder = await scratch({ 'a.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') })
    const { code, stderr } = await sluice(['convert', join(folder, 'a.jsonl'), '-o', data, '--shard-rows', '7'])
    expect(code, stderr).toBe(0)
    expect(Object.keys(commits)).toHaveLength(2)
    expect(await collect(readShards(await findShards([data])))).toEqual(rows)
  })

  it('are one commit where answers are lost, others commit, and faults pass', async () => {
    const lost = await serveHub({ upload: { lostAnswers: 1 } })
    await write(data)
    expect(Object.keys(lost.commits)).toHaveLength(2)
    const moved = await serveHub({
      script: ({ count }) => (count % 4 === 0 ? 503 : undefined),
      upload: { moves: 1, chunkBytes: 300, storageScript: ({ count }) => (count % 3 === 0 ? 500 : undefined) },
    })
    await write(data)
    expect(moved.files().filter((path) => path.startsWith('data/'))).toHaveLength(3)
    expect(Object.keys(moved.commits)).toHaveLength(3)
  }, 60_000)

  it('are not there where the source or the storage fails in the middle', async () => {
    const { branches } = await serveHub({
      upload: { storageScript: ({ count }) => (count === 1 ? 403 : undefined) },
    })
    expect((await errorOf(() => write(data, failing()))).message).toBe('the source broke')
    expect(await errorOf(() => write(data))).toBeInstanceOf(RefusedError)
    expect(branches.main).toBe(first)
  })

  it('are refused before the first row where the folder or the data set has no room', async () => {
    const { seen } = await serveHub()
    let asked = false
    const source = (async function* () {
      asked = true
      yield rows
    })()
    for (const folder of [
      'hf://datasets/us/prose/old',
      'hf://datasets/us/prose',
      `hf://datasets/us/prose@${first}/a`,
    ]) {
      expect(await errorOf(() => write(folder, source))).toBeInstanceOf(UsageError)
    }
    expect(seen.some(({ path }) => path.includes('/tree/'))).toBe(true)
    const full = await serveHub({ pageSize: 200_000 })
    full.commits[first] = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`a/${n}.txt`, '']))
    const error = await errorOf(() => write(data, source))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain('100000 files a data set')
    expect(asked).toBe(false)
  })

  it('stop at once when they are told to', async () => {
    const stop = new AbortController()
    const { branches, uploads } = await serveHub({
      upload: {
        storageScript: () => {
          stop.abort(new Error('stopped'))
          return 503
        },
      },
    })
    const written = writeShards(inBatches(rows), {
      folder: data,
      format: 'parquet',
      shardRows: 10,
      write: { signal: stop.signal },
    })
    expect((await errorOf(() => written)).message).toBe('stopped')
    expect(uploads.seen).toHaveLength(1)
    expect(branches.main).toBe(first)
  })
})

if (!hasS3Server)
  console.warn('SKIPPED: python3 has no moto server to test s3:// against (pip install "moto[server]").')

describe.skipIf(!hasS3Server)('shards in a folder of S3', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startS3Server()
    await server.createBucket('out')
  }, 120_000)
  afterAll(() => server?.close())
  beforeEach(() => {
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value)
  })

  it('are there once all are whole, and read back the same', async () => {
    let seen: unknown
    const source = (async function* () {
      yield* inBatches(rows)
      seen = await errorOf(() => findShards(['s3://out/data']))
    })()
    expect(await write('s3://out/data', source)).toMatchObject({ rows: 25, shards: 3 })
    expect(seen).toBeInstanceOf(UsageError)
    const shards = await findShards(['s3://out/data'])
    expect(shards.map(({ path }) => path)).toEqual([0, 1, 2].map((n) => `s3://out/data/train-0000${n}.parquet`))
    expect(await collect(readShards(shards))).toEqual(rows)
    expect((await errorOf(() => write('s3://out/data'))).message).toContain('not empty')
  })

  it('are not there where the source fails', async () => {
    expect((await errorOf(() => write('s3://out/never', failing()))).message).toBe('the source broke')
    expect(await errorOf(() => findShards(['s3://out/never']))).toBeInstanceOf(UsageError)
  })

  it('are one without rows where there are none', async () => {
    expect(await write('s3://out/none', inBatches([]), 'jsonl')).toMatchObject({ rows: 0, shards: 1 })
    expect((await findShards(['s3://out/none']))[0]!.bytes).toBe(0)
  })
})

describe('shards that S3 fails to complete', () => {
  it('are given up, those that were complete removed', async () => {
    const seen: string[] = []
    let uploads = 0
    const server = createServer((request, response) => {
      const { method, url = '' } = request
      const [path, query = ''] = url.split('?')
      seen.push(`${method} ${path!.split('/').at(-1)} ${query.replace(/^partNumber=1&/, '')}`)
      request.resume().on('end', () => {
        if (query.includes('list-type')) return response.end('<ListBucketResult></ListBucketResult>')
        if (query.startsWith('uploads=')) return response.end(`<R><UploadId>u${uploads++}</UploadId></R>`)
        if (method === 'PUT') return response.writeHead(200, { etag: '"e"' }).end()
        response.end(
          query === 'uploadId=u1' ? '<Error><Message>We met an error</Message></Error>' : '<R><ETag>e</ETag></R>',
        )
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close().closeAllConnections())
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    vi.stubEnv('AWS_ACCESS_KEY_ID', '')
    const error = await errorOf(() => write('s3://bucket/data'))
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.message).toContain('We met an error')
    const ends = seen.slice(seen.indexOf('POST train-00000.parquet uploadId=u0'))
    expect(ends).toEqual([
      'POST train-00000.parquet uploadId=u0',
      'POST train-00001.parquet uploadId=u1',
      ...[0, 1, 2].map((n) => `DELETE train-0000${n}.parquet uploadId=u${n}`),
      'DELETE train-00000.parquet ',
      'DELETE train-00001.parquet ',
    ])
  })
})
