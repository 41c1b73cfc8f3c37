// PLACEHOLDER by the chief so that others can compile; the owner of this file overwrites it whole.
import type { Prompt } from '../types.js'

export function instructPrompt(_style: string): Prompt<{ text: string }, { instruction: string }> {
  return {
    write: ({ text }) => [{ role: 'user', content: `${text}\n\nWrite the instruction that this answers.` }],
    read: (reply) => (reply.trim() === '' ? { unread: 'empty' } : { instruction: reply.trim() }),
  }
}

export function rewritePrompt(_style: string): Prompt<{ text: string; instruction: string }, { output: string }> {
  return {
    write: ({ text, instruction }) => [{ role: 'user', content: `${text}\n\nAnswer: ${instruction}` }],
    read: (reply) => (reply.trim() === '' ? { unread: 'empty' } : { output: reply.trim() }),
  }
}
