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
