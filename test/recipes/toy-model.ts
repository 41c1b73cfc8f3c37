import { evolTexts } from '../../src/recipes/evol-instruct/prompts.js'
import { uniform } from '../../src/text/hash.js'
import type { ChatRequest } from '../server/openai-server.mjs'

/**
 * What a model might answer to REInstruct's two questions, the same to the same request: an instruction of words of the
 * text, or sentences of them. One request in twelve gets a reply that no reader should take.
 */
export function toyReply({ messages }: ChatRequest): string {
  const last = messages.at(-1)!.content
  // A model that repeats the fence is refused, and this one means well.
  const words = [
    ...new Set(last.replace(/<\/?[a-z]{6}>/g, '').match(/\b[a-z]{5,12}\b/g) ?? ['bread', 'water', 'stone']),
  ]
  const word = (use: string) => words[Math.floor(uniform(3, last, use) * words.length)]!
  if (uniform(3, last, 'bad') < 1 / 12) return 'As an AI language model, I cannot answer.'
  if (isInstructRequest(last)) return `How do ${word('a')} and ${word('b')} depend on ${word('c')}?`
  return `In short, the ${word('d')} follows from the ${word('e')}. Whoever looks at the ${word('f')} sees the ${word('g')} as well.`
}

/** Tells stage 2 from stage 3: it alone has nothing of its own before the fenced text. */
export function isInstructRequest(content: string): boolean {
  return content.startsWith('<')
}

/** A model that evolves, judges and answers for Evol-Instruct, the same to the same; a good part of what it says is to be eliminated. */
export function toyEvolution({ messages }: ChatRequest): string {
  const [system, last] = [messages[0]!.content, messages.at(-1)!.content]
  const chance = uniform(5, last, system.slice(0, 20))
  if (system === evolTexts.judge.system) return chance < 0.4 ? 'Equal' : chance < 0.85 ? 'Not Equal' : 'Hard to say'
  if (system === evolTexts.answer.system) {
    return chance < 0.1 ? 'Sorry, no.' : chance < 0.15 ? 'It is.' : `The answer has ${Math.floor(chance * 1e6)} parts.`
  }
  const [, parent] = /<[a-z]{6}>\n([\s\S]*)\n<\/[a-z]{6}>/.exec(last)!
  if (chance < 0.06) return `#Given Prompt#: ${parent}`
  return chance < 0.1 ? parent! : `${parent} Give ${Math.floor(chance * 1e6)} reasons for it.`
}
