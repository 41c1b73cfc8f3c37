import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Columns } from '../../src/formats/index.js'
import { estimatingCounter } from '../../src/models/token-counter.js'
import type { PromptText, PromptTexts } from '../../src/recipes/ask/prompt-texts.js'
import type { Forecast } from '../../src/recipes/forecast/forecast-calls.js'
import type { Tally } from '../../src/run/tally.js'
import { sluice } from '../cli/sluice.js'
import { type ChatRequest, startOpenAiServer } from '../server/openai-server.mjs'
import { rowsOf } from './whole-run.js'

type Recorded = { prompt: string; about: string; reply: string }

/**
 * A model that answers from a file of `{prompt, about, reply}` lines: the first line of the prompt that was asked, by its
 * system message or else by how its question begins, whose `about` stands in the question. A question without a line is an error.
 */
function recordedReplies(file: string, texts: PromptTexts): (request: ChatRequest) => string {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
  return ({ messages }) => {
    const question = messages.at(-1)!.content
    const isAsked = ({ system, user }: PromptText) =>
      system === '' ? question.startsWith(user.slice(0, user.indexOf('{'))) : system === messages[0]!.content
    const asked = Object.keys(texts).find((name) => isAsked(texts[name]!))
    const line = lines.find(({ prompt, about }) => prompt === asked && question.includes(about))
    if (!line) throw new Error(`No reply is recorded for ${asked}: ${question}`)
    return line.reply
  }
}

/** The folder of a recorded run: its rows, `run.yaml` and `replies.jsonl`. */
export function recordedFolder(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/replies/${name}/`, import.meta.url))
}

export type RecordedRun = {
  readonly texts: PromptTexts
  /** Where to, and whatever else the command takes. */
  readonly out: string
  readonly flags?: readonly string[]
  /** Of `fixtures/replies`; default: called as the recipe is. */
  readonly name?: string
}

/** Runs a recipe by the command line over `input` of its recorded folder, with the replies that are recorded there. */
export async function recordedRun(
  recipe: string,
  input: string,
  { texts, out, flags = [], name = recipe }: RecordedRun,
): Promise<{ tally: Tally; rows: Columns[]; asked: ChatRequest['messages'][] }> {
  const folder = recordedFolder(name)
  const answer = recordedReplies(join(folder, 'replies.jsonl'), texts)
  let replyTokens = 0
  const reply = (request: ChatRequest) => {
    const said = answer(request)
    replyTokens += estimatingCounter.reply(said)
    return said
  }
  const server = await startOpenAiServer({ reply })
  const command = (verb: string) => [
    ...[verb, recipe, join(folder, input), '--json', ...flags],
    ...['--config', join(folder, 'run.yaml'), '--endpoint', server.url],
  ]
  const done = await sluice([...command('run'), '-o', out])
  const asked = server.seen.map(({ body }) => (body as ChatRequest).messages)
  await server.close()
  expect(done.code, done.stderr).toBe(0)
  const planned = await sluice(command('plan'))
  expect(planned.code, planned.stderr).toBe(0)
  const { completionTokens } = (JSON.parse(planned.stdout) as Forecast).total
  expect(replyTokens).toBeLessThanOrEqual(completionTokens.high)
  // A reply that is recorded for what is wrong with it may be of one word.
  expect(replyTokens).toBeGreaterThanOrEqual(completionTokens.low / 2)
  const { tally } = JSON.parse(done.stdout) as { tally: Tally }
  return { tally, rows: await rowsOf(join(out, 'data')), asked }
}
