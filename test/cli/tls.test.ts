// A server whose certificate nobody vouches for is sent nothing, unless its authority is named.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { sluice } from './sluice.js'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('SKIPPED: there is no openssl to make a certificate with.')

describe.skipIf(!hasOpenssl)('an endpoint with a certificate of its own making', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  let model: Awaited<ReturnType<typeof startOpenAiServer>>
  let server: Server
  let url: string

  beforeAll(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    const files = ['-keyout', keyFile, '-out', certFile]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject], {
      stdio: 'ignore',
    })
    await writeProseShards(join(folder, 'corpus'), 1, 40)
    model = await startOpenAiServer({ reply: toyReply })
    const port = Number(new URL(model.url).port)
    server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (socket) => {
      const inner = connect(port, '127.0.0.1')
      const end = () => void inner.destroy(socket.destroy().errored ?? undefined)
      socket.on('error', end).pipe(inner).on('error', end).pipe(socket)
    })
    // Whoever does not trust the certificate breaks off the handshake.
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }, 60_000)
  afterAll(async () => {
    server.close()
    await model.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (name: string, env: Record<string, string>, args: string[] = []) =>
    sluice(
      [
        ...['run', 'reinstruct', join(folder, 'corpus'), '-o', join(folder, name), '--selector', 'light'],
        ...['--select', '5', '--model', 'openai:toy', '--endpoint', `${url}/v1`, '-q', ...args],
      ],
      { env: { ...process.env, ...env } },
    )

  it('is refused, sent nothing, and told how to be trusted', async () => {
    const { code, stderr } = await run('refused', { OPENAI_API_KEY: 'CANARY-never-sent' })
    expect(code).toBe(5)
    expect(stderr).toContain('certificate not trusted')
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS')
    expect(model.seen).toEqual([])
    const embedder = ['--embedder', 'openai:toy', '--embedder-endpoint', `${url}/v1`]
    const embedding = await run('embedder', {}, embedder)
    expect([embedding.code, embedding.stderr]).toEqual([5, expect.stringContaining('NODE_EXTRA_CA_CERTS')])
    const shard = await sluice(['head', `${url}/data.jsonl`])
    expect([shard.code, shard.stderr]).toEqual([5, expect.stringContaining('NODE_EXTRA_CA_CERTS')])
    expect(model.seen).toEqual([])
  })

  it('is asked where its authority is named', async () => {
    const { code, stderr } = await run('named', { NODE_EXTRA_CA_CERTS: certFile })
    expect(code, stderr).toBe(0)
    expect(model.seen.length).toBeGreaterThan(0)
  })

  it('is asked where all certificates are believed, with a warning', async () => {
    const { code, stderr } = await run('believed', { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/Warning: .*NODE_TLS_REJECT_UNAUTHORIZED/)
  })
})
