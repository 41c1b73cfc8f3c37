import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../src/models/index.js'
import { recorded } from '../../src/models/record.js'
import { CallFailure, type Model } from '../../src/models/types.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { sluice } from '../cli/sluice.js'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { callOf } from './calls.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const echo: Model = {
  id: 'echo',
  async ask({ rowId, ordinal }) {
    if (rowId === 'bad') throw new CallFailure('held back', { attempts: 2, status: 400 })
    // Later calls are answered first.
    await new Promise((resolve) => setTimeout(resolve, 10 - 2 * ordinal))
    return { text: `${rowId}/${ordinal}`, finish: 'stop', usage: { promptTokens: 3, completionTokens: 1 } }
  },
}

async function record(path: string): Promise<void> {
  const model = recorded(echo, path)
  await Promise.all([0, 1, 2].map((ordinal) => model.ask(callOf({ ordinal }))))
  await model.ask(callOf({ rowId: 'bad' })).catch(() => {})
  await model.close!()
}

describe('a recording', () => {
  it('answers every call as it was answered, failures too, and is the same file each time', async () => {
    const [path, again] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')]
    await record(path)
    await record(again)
    expect(await readFile(path, 'utf8')).toBe(await readFile(again, 'utf8'))
    expect((await stat(path)).mode & 0o077).toBe(0)
    const model = await openModel(`replay:${path}`)
    for (const ordinal of [2, 0, 1, 1]) {
      const call = callOf({ ordinal })
      expect(await model.ask(call)).toEqual(await echo.ask(call))
    }
    await expect(model.ask(callOf({ rowId: 'bad' }))).rejects.toMatchObject({
      reason: 'held back',
      attempts: 2,
      status: 400,
    })
  })

  it('answers nothing that was not asked in just this way, and says what differs', async () => {
    const path = join(folder, 'strict.jsonl')
    await record(path)
    const model = await openModel(`replay:${path}`)
    for (const [fields, says] of [
      [{ rowId: 'other' }, /no reply to instruct about other, sample 0\./],
      [{ maxTokens: 51 }, /about a#0, sample 0; the one recorded for it has other maxTokens/],
      [{ messages: [{ role: 'user', content: 'Hello' }] }, /has other messages/],
      [{ temperature: 1 }, /has other temperature/],
    ] as const) {
      const asked = model.ask(callOf(fields as Parameters<typeof callOf>[0]))
      await expect(asked).rejects.toThrow(says)
      await expect(asked).rejects.toBeInstanceOf(UsageError)
    }
  })

  it('is refused where it is missing or broken, and is another model once it says something else', async () => {
    await expect(openModel(`replay:${join(folder, 'none.jsonl')}`)).rejects.toThrow('no recording')
    const path = join(folder, 'broken.jsonl')
    await record(path)
    const before = (await openModel(`replay:${path}`)).id
    await writeFile(path, `${await readFile(path, 'utf8')}{"call": 1}\n`)
    await expect(openModel(`replay:${path}`)).rejects.toBeInstanceOf(CorruptInputError)
    await writeFile(path, (await readFile(path, 'utf8')).split('\n')[0]!)
    expect((await openModel(`replay:${path}`)).id).not.toBe(before)
  })

  it('of a run gives the same rows without a server', async () => {
    const corpus = join(folder, 'corpus')
    await writeProseShards(corpus, 1, 60)
    const server = await startOpenAiServer({ reply: toyReply })
    const run = (out: string, ...model: string[]) =>
      sluice([
        'run',
        'reinstruct',
        corpus,
        '-o',
        join(folder, out),
        '--selector',
        'light',
        '--select',
        '10',
        '-q',
        ...model,
      ])
    const path = join(folder, 'run.jsonl')
    const asked = await run('asked', '--model', 'openai:toy', '--endpoint', server.url, '--record', path)
    await server.close()
    expect(asked.code, asked.stderr).toBe(0)
    const replayed = await run('replayed', '--model', `replay:${path}`)
    expect(replayed.code, replayed.stderr).toBe(0)
    const shard = (out: string) => readFile(join(folder, out, 'data', 'train-00000-of-00001.parquet'))
    expect((await shard('replayed')).equals(await shard('asked'))).toBe(true)
    const other = await run('other', '--model', `replay:${path}`, '--seed', '9')
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/has no reply to instruct about/)
  }, 60_000)
})
