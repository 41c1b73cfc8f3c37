import { readFileSync } from 'node:fs'
import type { PromptText, PromptTexts } from '../../src/recipes/prompt-texts.js'
import type { ChatRequest } from '../server/openai-server.mjs'

type Recorded = { prompt: string; about: string; reply: string }

/**
 * A model that answers from a file of `{prompt, about, reply}` lines: the first line of the prompt that was asked, by its
 * system message or else by how its question begins, whose `about` stands in the question. A question without a line is an error.
 */
export function recordedReplies(file: string, texts: PromptTexts): (request: ChatRequest) => string {
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
