import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { sluice } from './sluice.js'

let folder: string
let server: OpenAiServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-flags-'))
  server = await startOpenAiServer({
    reply: () => '9. Name the rivers that meet at Lyon\nExample 1\nOutput: The Saône and the Rhône',
  })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a flag that stands unless it is taken back', () => {
  const run = async (out: string, ...flags: string[]) => {
    const words = ['run', 'self-instruct', '-o', join(folder, out), '--instructions', '1', '--mode', 'alpaca', '--json']
    const { stdout } = await sluice([...words, '--model', 'openai:toy', '--endpoint', server.url, ...flags])
    return (JSON.parse(stdout) as { tally: { out: number } }).tally.out
  }

  it('is taken back by --no-', async () => {
    expect(await run('with')).toBe(175)
    expect(await run('without', '--no-include-seeds')).toBe(0)
  })
})
