import { readFileSync } from 'node:fs'
import type { PromptTexts } from '../../src/recipes/prompt-texts.js'
import type { ChatRequest } from '../server/openai-server.mjs'

type Recorded = { prompt: string; about: string; reply: string }

/**
 * A model that answers from a file of `{prompt, about, reply}` lines: the first line of the prompt that was asked, by its
 * system message, whose `about` stands in the question. A question without a line is an error.
 */
export function recordedReplies(file: string, texts: PromptTexts): (request: ChatRequest) => string {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
  return ({ messages }) => {
    const asked = Object.keys(texts).find((name) => texts[name]!.system === messages[0]!.content)
    const question = messages.at(-1)!.content
    const line = lines.find(({ prompt, about }) => prompt === asked && question.includes(about))
    if (!line) throw new Error(`No reply is recorded for ${asked}: ${question}`)
    return line.reply
  }
}
