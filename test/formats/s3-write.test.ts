import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findShards, writeRows } from '../../src/formats/index.js'
import { createObject } from '../../src/formats/places/s3-write.js'
import { EndpointError, UsageError } from '../../src/stream/errors.js'
import { sluice } from '../cli/sluice.js'
import { hasS3Server, type S3Server, startS3Server } from '../server/s3-server.mjs'
import { errorOf, inBatches, rowsAt } from './shards.js'

beforeEach(() => {
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_DEFAULT_REGION'])
    vi.stubEnv(name, '')
})

const stub = (env: Record<string, string>) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
}

if (!hasS3Server)
  console.warn('SKIPPED: python3 has no moto server to test s3:// against (pip install "moto[server]").')

describe.skipIf(!hasS3Server)('an object of S3', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startS3Server()
    await server.createBucket('out')
  }, 120_000)
  afterAll(() => server?.close())
  beforeEach(() => stub(server.env))

  it('is written by one request where it is small, and read back the same', async () => {
    const rows = [
      { n: 1, text: 'é' },
      { n: 2, text: null },
    ]
    expect(await writeRows('s3://out/a b/small.parquet')(inBatches(rows))).toMatchObject({ rows: 2 })
    expect(await rowsAt('s3://out/a b/small.parquet')).toEqual(rows)
    const { code, stderr } = await sluice(['convert', 's3://out/a b/small.parquet', '-o', 's3://out/copy.jsonl'], {
      env: { ...process.env, ...server.env },
    })
    expect(code, stderr).toBe(0)
    expect(await rowsAt('s3://out/copy.jsonl')).toEqual(rows)
  })

  it('is written in parts where it is large, and is not there before it is whole', async () => {
    const block = Buffer.alloc(3 << 20, 'x')
    const output = await createObject('s3://out/large.jsonl')
    for (let n = 0; n < 7; n++) await output.write(block)
    await expect(findShards(['s3://out/large.jsonl'])).rejects.toThrow(/No such file/)
    await output.commit()
    expect(output.bytes).toBe(7 * block.length)
    expect((await findShards(['s3://out/large.jsonl']))[0]!.bytes).toBe(7 * block.length)
  })

  it('is not there after an abort, and neither are its parts', async () => {
    const output = await createObject('s3://out/never.jsonl')
    await output.write(Buffer.alloc(9 << 20, 'x'))
    await output.abort()
    await expect(findShards(['s3://out/never.jsonl'])).rejects.toThrow(/No such file/)
  })

  it('says that the bucket is not there', async () => {
    const write = (path: string) => errorOf(() => writeRows(path)(inBatches([{ n: 1 }])))
    expect(await write('s3://nowhere/a.jsonl')).toBeInstanceOf(UsageError)
    expect(await write('s3://out/')).toBeInstanceOf(UsageError)
  })

  // The last test of this server, which from here on refuses whatever is not signed.
  it('is written by signed requests, in one or in parts', async () => {
    stub(await server.lock())
    const lines = Array.from({ length: 300 }, (_, n) => ({ n, text: 'x'.repeat(30_000) }))
    await writeRows('s3://out/signed/large.jsonl')(inBatches(lines))
    await writeRows('s3://out/signed/small.jsonl')(inBatches([{ n: -1 }]))
    // A pattern that begins at once: moto takes even boto3's signature for wrong where a prefix holds a slash.
    expect(await rowsAt('s3://out/s*/large.jsonl')).toEqual(lines)
    expect(await rowsAt('s3://out/s*/small.jsonl')).toEqual([{ n: -1 }])
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong-wrong-wrong')
    const error = await errorOf(() => writeRows('s3://out/b.jsonl')(inBatches([{ n: 1 }])))
    expect(error).toMatchObject({ name: 'RefusedError' })
    expect(error.message).not.toContain('wrong-wrong-wrong')
  })
})

describe('an upload to a server with faults', () => {
  it('is tried again after a 503, and fails where completing it fails, its parts given up', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      const { method, url = '' } = request
      seen.push(`${method} ${url.split('?')[1]?.replace(/=.*/, '')}`)
      request.resume().on('end', () => {
        if (seen.length === 1) return response.writeHead(503).end()
        if (url.includes('uploads')) return response.end('<R><UploadId>u1</UploadId></R>')
        if (method === 'PUT') return response.writeHead(200, { etag: '"e"' }).end()
        // As S3 does where it finds out too late.
        response.end('<Error><Code>InternalError</Code><Message>We met an error</Message></Error>')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close().closeAllConnections())
    stub({ AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, AWS_ACCESS_KEY_ID: '' })
    const lines = Array.from({ length: 300 }, () => ({ text: 'x'.repeat(30_000) }))
    const error = await errorOf(() => writeRows('s3://bucket/a.jsonl')(inBatches(lines)))
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.message).toContain('upload not completed: We met an error')
    expect(seen).toEqual([
      'POST uploads',
      'POST uploads',
      'PUT partNumber',
      'PUT partNumber',
      'POST uploadId',
      'DELETE uploadId',
    ])
  })

  it('ends at once with its signal, be it one request or parts', async () => {
    for (const bytes of [10, 9 << 20]) {
      const stop = new AbortController()
      let parts = 0
      const server = createServer((request, response) => {
        if (request.url?.includes('uploads')) return response.end('<R><UploadId>u1</UploadId></R>')
        if (request.method === 'DELETE') return response.writeHead(204).end()
        // Answers none of what holds the last bytes.
        if (bytes > 10 && ++parts === 1) return request.resume().on('end', () => response.end())
        stop.abort(new Error('stopped'))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void server.close().closeAllConnections())
      stub({ AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, AWS_ACCESS_KEY_ID: '' })
      const output = await createObject('s3://bucket/a.jsonl', stop.signal)
      await output.write(Buffer.alloc(bytes, 'x'))
      await expect(output.commit()).rejects.toThrow('stopped')
      await output.abort()
    }
  })

  it('is refused where a place is only read', async () => {
    const error = await errorOf(() => writeRows('https://host.test/a.jsonl')(inBatches([{ n: 1 }])))
    expect(error).toBeInstanceOf(UsageError)
  })
})
