import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findShards, readShard } from '../../src/formats/index.js'
import { readListing } from '../../src/formats/places/s3-list.js'
import { encodeStrictly, signRequest } from '../../src/formats/places/sign.js'
import { CorruptInputError, EndpointError, RefusedError, UsageError } from '../../src/stream/errors.js'
import { type FilesOptions, startFilesServer } from '../server/files-server.mjs'
import { hasS3Server, type S3Server, startS3Server } from '../server/s3-server.mjs'
import { collect, errorOf, rowsAt } from './shards.js'

const fixture = join(import.meta.dirname, '../../fixtures/shards/flat-zstd.parquet')
const names = async (...inputs: string[]) => (await findShards(inputs)).map(({ name }) => name)

const variables = [
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
]

beforeEach(() => {
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const name of variables) vi.stubEnv(name, '')
})

const stub = (env: Record<string, string>) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
}

if (!hasS3Server)
  console.warn('SKIPPED: python3 has no moto server to test s3:// against (pip install "moto[server]").')

describe.skipIf(!hasS3Server)('shards in a bucket', () => {
  let server: S3Server
  const odd = "odd/a b+c%41&d='e(f)!*~é語.jsonl"

  beforeAll(async () => {
    server = await startS3Server()
    await server.createBucket('corpus')
    await server.put('corpus', 'data/flat.parquet', await readFile(fixture))
    for (const name of ['en/1', 'en/2', 'fr/1', 'en-old/1'])
      await server.put('corpus', `data/${name}.jsonl`, `{"at":"${name}"}\n`)
    await server.put('corpus', odd, '{"odd":true}\n')
    await server.put('corpus', 'data/en/', '')
    await server.put('corpus', 'docs/a.md', '# A')
    await server.createBucket('many')
    for (let start = 0; start < 1100; start += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => server.put('many', `part/${start + n}.jsonl`, '{"a":1}\n')),
      )
    }
  }, 120_000)
  afterAll(() => server?.close())
  beforeEach(() => stub(server.env))

  it('are found by key, folder and pattern', async () => {
    expect(await names('s3://corpus/data/en')).toEqual(['1.jsonl', '2.jsonl'])
    expect(await names('s3://corpus/data/en/')).toEqual(['1.jsonl', '2.jsonl'])
    expect(await names('s3://corpus/data/en/1.jsonl')).toEqual(['1.jsonl'])
    expect(await names('s3://corpus/data/*/1.jsonl')).toEqual(['en-old/1.jsonl', 'en/1.jsonl', 'fr/1.jsonl'])
    expect(await names('s3://corpus/data/e*/**')).toEqual(['en-old/1.jsonl', 'en/1.jsonl', 'en/2.jsonl'])
    expect(await names('s3://corpus')).toHaveLength(6)
    const [shard] = await findShards(['s3://corpus/data/flat.parquet'])
    expect(shard).toMatchObject({
      bytes: (await readFile(fixture)).length,
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
    })
    expect(shard!.modifiedMs).toBeGreaterThan(Date.UTC(2020))
  })

  it('read as they do from disk', async () => {
    expect(await rowsAt('s3://corpus/data/flat.parquet')).toEqual(await rowsAt(fixture))
    expect(await rowsAt('s3://corpus/data/fr/1.jsonl')).toEqual([{ at: 'fr/1' }])
    expect(await rowsAt('s3://corpus/docs')).toEqual([{ path: 'a.md', text: '# A' }])
  })

  it('read whatever their keys hold', async () => {
    const [shard] = await findShards(['s3://corpus/odd/*'])
    expect(shard!.path).toBe(`s3://corpus/${odd}`)
    expect(await collect(readShard(shard!))).toEqual([{ odd: true }])
  })

  it('are listed over pages of a thousand', async () => {
    expect(new Set(await names('s3://many/part')).size).toBe(1100)
  })

  it('are missed with the words that help', async () => {
    for (const missing of ['corpus/nowhere', 'corpus/data/e', 'corpus/*.parquet', 'nobucket/x']) {
      expect(await errorOf(() => findShards([`s3://${missing}`])), missing).toBeInstanceOf(UsageError)
    }
    const [shard] = await findShards(['s3://corpus/docs/a.md'])
    expect(
      await errorOf(() => collect(readShard({ ...shard!, path: 's3://corpus/gone.jsonl', format: 'jsonl' }))),
    ).toBeInstanceOf(UsageError)
  })

  // The last test of this server, which from here on refuses whatever is not signed.
  it('are read by signed requests where the server checks every signature', async () => {
    const key = await server.lock()
    stub(key)
    // Patterns that begin at once: moto takes even boto3's signature for wrong where a prefix holds a slash.
    expect(await names('s3://corpus/dat*/e*/[0-9].jsonl')).toEqual([
      'data/en-old/1.jsonl',
      'data/en/1.jsonl',
      'data/en/2.jsonl',
    ])
    expect(await rowsAt('s3://corpus/d*/flat.parquet')).toEqual(await rowsAt(fixture))
    expect(await rowsAt('s3://corpus/d*/fr/*')).toEqual([{ at: 'fr/1' }])
    stub({ AWS_SECRET_ACCESS_KEY: 'not-the-secret' })
    const error = await errorOf(() => findShards(['s3://corpus/d*']))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).toMatch(/signature/i)
    expect(error.fix).toMatch(/AWS_SECRET_ACCESS_KEY/)
  })
})

describe('shards of a bad S3 server', () => {
  async function serve(options: Partial<FilesOptions>) {
    const server = await startFilesServer({ files: {}, ...options })
    onTestFinished(() => server.close())
    stub({ AWS_ENDPOINT_URL: server.url })
    return server
  }
  const listing = (...keys: string[]) =>
    `<?xml version="1.0"?><ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key><Size>8</Size></Contents>`).join('')}</ListBucketResult>`

  it('are found and read in spite of errors that pass', async () => {
    const page = { status: 200, body: listing('x/1.jsonl') }
    const faults = [{ status: 503 }, { status: 200, body: '<html>' }, page, { status: 500 }, { cutAfter: 3 }]
    const { seen } = await serve({ files: { '/bucket/x/1.jsonl': '{"a":1}\n' }, script: ({ count }) => faults[count] })
    expect(await rowsAt('s3://bucket/x/*')).toEqual([{ a: 1 }])
    expect(seen.at(-1)!.range).toBe('bytes=3-')
    expect(seen.every(({ headers }) => headers.authorization === undefined)).toBe(true)
  })

  it('are signed, and no error shows the secret', async () => {
    const { seen } = await serve({
      script: () => ({ status: 403, body: '<Error><Message>No: CANARYsecret CANARYtoken</Message></Error>' }),
    })
    stub({
      AWS_ACCESS_KEY_ID: 'AK',
      AWS_SECRET_ACCESS_KEY: 'CANARYsecret',
      AWS_SESSION_TOKEN: 'CANARYtoken',
      AWS_REGION: 'eu-west-1',
    })
    const error = await errorOf(() => findShards(['s3://bucket/x']))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).toMatch(/status 403: No: \[redacted\] \[redacted\]/)
    expect(seen[0]!.headers.authorization).toMatch(/Credential=AK\/\d{8}\/eu-west-1\/s3\/aws4_request/)
    expect(seen[0]!.headers['x-amz-security-token']).toBe('CANARYtoken')
  })

  it('are refused where keys lead out of the bucket', async () => {
    for (const key of ['../x.jsonl', 'a/../../x.jsonl', '/etc/x.jsonl', 'a&#10;b.jsonl', 'a\\x.jsonl']) {
      await serve({ script: () => ({ status: 200, body: listing(key) }) })
      expect(await errorOf(() => findShards(['s3://bucket/*'])), key).toBeInstanceOf(CorruptInputError)
    }
    expect(await errorOf(() => findShards(['s3://bucket/a/../../b']))).toBeInstanceOf(UsageError)
    expect(await errorOf(() => findShards(['s3://../b']))).toBeInstanceOf(UsageError)
  })

  it('are refused where the listing turns in a circle, or the region is another', async () => {
    const circle =
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>'
    await serve({ script: () => ({ status: 200, body: circle }) })
    expect(await errorOf(() => findShards(['s3://bucket/*']))).toBeInstanceOf(EndpointError)
    await serve({ script: () => ({ status: 301 }) })
    expect((await errorOf(() => findShards(['s3://bucket/*']))).fix).toMatch(/AWS_REGION/)
  })
})

describe('the S3 protocol', () => {
  const credentials = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
  const at = { region: 'us-east-1', now: new Date('2013-05-24T00:00:00Z') }

  // The examples of "Authenticating Requests: Using the Authorization Header" in Amazon's S3 API reference.
  it('signs as Amazon’s examples do', () => {
    const get = signRequest(new URL('https://examplebucket.s3.amazonaws.com/test.txt'), credentials, {
      ...at,
      headers: { range: 'bytes=0-9' },
    })
    expect(get.authorization).toMatch(/SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, /)
    expect(get.authorization).toMatch(/Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/)
    const list = signRequest(new URL('https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J'), credentials, at)
    expect(list.authorization).toMatch(/Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/)
  })

  it('encodes everything but what is never reserved', () => {
    expect(encodeStrictly("aZ0-_.~ !'()*/é")).toBe('aZ0-_.~%20%21%27%28%29%2A%2F%C3%A9')
  })

  it('reads keys out of XML as they are', () => {
    const xml =
      '<ListBucketResult><Contents><Key>a&amp;b &lt;&#233;&#x8a9e;&amp;amp;</Key><Size>7</Size><ETag>&quot;x&quot;</ETag><LastModified>2025-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>'
    expect(readListing(xml)).toEqual({
      objects: [{ key: 'a&b <é語&amp;', bytes: 7, modifiedMs: Date.UTC(2025, 0), etag: '"x"' }],
    })
  })
})
