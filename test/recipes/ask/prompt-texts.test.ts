import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closingOf, messagesOf, readPromptTexts } from '../../../src/recipes/ask/prompt-texts.js'
import { curate } from '../../../src/recipes/curate.js'
import { ResumeMismatchError, UsageError } from '../../../src/stream/errors.js'
import { errorOf } from '../../models/calls.js'
import { writeProseShards } from '../../prose.js'
import { startOpenAiServer } from '../../server/openai-server.mjs'
import { toyReply } from '../toy-model.js'

const own = {
  ask: { system: 'Be brief.', user: '{text}\n\nWhat is it about?' },
  judge: { system: '', user: 'Is {first} as hard as {second}?' },
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-prompts-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const written = async (text: string) => {
  const path = join(folder, 'prompts.yaml')
  await writeFile(path, text)
  return path
}
const read = async (text: string) => (await readPromptTexts(own, await written(text))).texts

describe('a wording', () => {
  it('becomes a system message and a turn with the row in its slots', () => {
    expect(messagesOf(own.ask, { text: 'Bread' })).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Bread\n\nWhat is it about?' },
    ])
    expect(messagesOf(own.judge, { first: 'A', second: 'B' })).toEqual([
      { role: 'user', content: 'Is A as hard as B?' },
    ])
    expect(closingOf(own.ask)).toBe('What is it about?')
  })

  it('takes nothing in a row for a slot or a pattern of its own', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (first, second) => {
        const [message] = messagesOf(own.judge, { first, second })
        expect(message!.content).toBe(`Is ${first} as hard as ${second}?`)
      }),
    )
    expect(messagesOf(own.judge, { first: '{second} $& {toString}', second: 'B' })[0]!.content).toBe(
      'Is {second} $& {toString} as hard as B?',
    )
  })
})

describe('a file of wordings', () => {
  it('replaces a prompt, or half of one, and leaves the others', async () => {
    expect(await read('ask: { system: Be long. }')).toEqual({ ...own, ask: { ...own.ask, system: 'Be long.' } })
    expect(await read('ask: { user: "Read {text} now" }')).toMatchObject({ ask: { system: 'Be brief.' } })
  })

  it.each([
    ['an unknown prompt', 'asc: { system: x }', 'the recipe has no prompt `asc`', 'Did you mean `ask`?'],
    ['an unknown part', 'ask: { sistem: x }', 'ask has no part `sistem`', 'Did you mean `system`?'],
    ['a missing slot', 'ask: { user: "About {txt}?" }', 'expected the slot {text}', 'where it says {txt}?'],
    ['a slot left out', 'judge: { user: "Is {first} hard?" }', 'expected the slot {second}', 'Write {second}'],
    ['a text that is none', 'ask: { user: 3 }', 'ask.user: expected a text, got 3', ''],
    ['a list', '- ask', 'to hold prompts by name', 'The prompts are: ask, judge.'],
    ['a prompt that is none', 'ask: hello', 'expected `system`, `user` or both', ''],
  ])('is refused for %s, with what to do', async (_, text, message, fix) => {
    const error = (await errorOf(read(text))) as UsageError
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain(message)
    expect(error.fix ?? '').toContain(fix)
  })

  it('is refused with line and column where it is no YAML, and by name where it is not there', async () => {
    expect((await errorOf(read('ask: [\n'))).message).toMatch(/prompts\.yaml:\d+:\d+: /)
    expect((await errorOf(readPromptTexts(own, join(folder, 'none.yaml')))).message).toContain('none.yaml')
  })
})

it('words the questions of a run, and a run begun with other words is not resumed', async () => {
  const shards = await writeProseShards(join(folder, 'corpus'), 1, 40)
  const seen: string[] = []
  const server = await startOpenAiServer({
    reply: (request) => {
      seen.push(request.messages.at(-1)!.content)
      return toyReply(request)
    },
  })
  try {
    const prompts = await written('instruct: { user: "{text} Guess the question." }')
    const config = { selector: 'light', select: 5, model: 'openai:toy', endpoint: server.url, prompts }
    const run = () => curate({ recipe: 'reinstruct', inputs: shards, out: join(folder, 'run'), config })
    await run()
    expect(seen.filter((question) => question.endsWith('Guess the question.'))).toHaveLength(5)
    expect((await run()).wasDone).toBe(true)
    await written('instruct: { user: "{text} Guess again." }')
    const error = await errorOf(run())
    expect(error).toBeInstanceOf(ResumeMismatchError)
    expect(error.message).toContain('prompts: the file has changed since')
  } finally {
    await server.close()
  }
})
