import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HttpFailure } from '../../src/http/failure.js'
import { openModel } from '../../src/models/index.js'
import { UsageError } from '../../src/stream/errors.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { callOf, errorOf } from './calls.js'

const endpoint = 'http://127.0.0.1:8080/v1'

async function usageErrorOf(promise: Promise<unknown>): Promise<string> {
  const error = await errorOf(promise)
  expect(error).toBeInstanceOf(UsageError)
  return `${error.message} ${(error as UsageError).fix ?? ''}`
}

afterEach(() => vi.unstubAllEnvs())

describe('openModel', () => {
  it('opens each provider by its prefix, keeping colons of the name', async () => {
    expect((await openModel('openai:llama3:8b', { endpoint, env: {} })).id).toBe('openai:127.0.0.1:8080/v1:llama3:8b')
    expect((await openModel('hf:org/name:groq', { env: { HF_TOKEN: 'hf_abcdefgh' } })).id).toBe(
      'hf:router:org/name:groq',
    )
    expect((await openModel('hf:org/name', { endpoint, env: {} })).id).toBe('hf:127.0.0.1:8080/v1:org/name')
  })

  it('sends the key of the variable that was named, or the usual one', async () => {
    const server = await startOpenAiServer()
    try {
      const env = { OPENAI_API_KEY: 'usual-key', MINE: 'my-key' }
      await (await openModel('openai:tiny', { endpoint: server.url, env })).ask(callOf())
      await (await openModel('openai:tiny', { endpoint: server.url, env, apiKeyEnv: 'MINE' })).ask(callOf())
      await (await openModel('openai:tiny', { endpoint: server.url, env: {} })).ask(callOf())
      expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
        'Bearer usual-key',
        'Bearer my-key',
        undefined,
      ])
    } finally {
      await server.close()
    }
  })

  it('takes as long as it may, also longer than a timer of Node can run', async () => {
    const server = await startOpenAiServer({ latencyMs: 30 })
    try {
      const open = (timeoutMs: number) => openModel('openai:tiny', { endpoint: server.url, env: {}, timeoutMs })
      expect((await (await open(3e9)).ask(callOf())).finish).toBe('stop')
      expect(await errorOf((await open(5)).ask(callOf()))).toBeInstanceOf(HttpFailure)
    } finally {
      await server.close()
    }
  })

  it('suggests the provider that was meant', async () => {
    expect(await usageErrorOf(openModel('opnai:gpt'))).toContain('did you mean openai?')
    expect(await usageErrorOf(openModel('smolm2'))).toContain('did you mean smollm2?')
    expect(await usageErrorOf(openModel('__proto__:x'))).toContain('no model provider called __proto__')
    expect(await usageErrorOf(openModel(''))).toContain('gguf:PATH')
  })

  it('asks for the name that is missing, and wants none where there is none', async () => {
    expect(await usageErrorOf(openModel('openai'))).toContain('openai:NAME')
    expect(await usageErrorOf(openModel('smollm2:x'))).toContain('Expected a model such as smollm2')
  })

  it('asks for an endpoint, a token and a variable that are missing', async () => {
    expect(await usageErrorOf(openModel('openai:x', { env: {} }))).toContain('--endpoint')
    expect(await usageErrorOf(openModel('hf:x', { env: {} }))).toContain('HF_TOKEN')
    expect(await usageErrorOf(openModel('openai:x', { endpoint, apiKeyEnv: 'NOT_SET', env: {} }))).toContain('NOT_SET')
  })

  it('says how to get the local model where it is not there', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'sluice-cache-'))
    vi.stubEnv('XDG_CACHE_HOME', cache)
    expect(await usageErrorOf(openModel('smollm2'))).toContain('sluice models pull smollm2')
    await rm(cache, { recursive: true })
  })
})
