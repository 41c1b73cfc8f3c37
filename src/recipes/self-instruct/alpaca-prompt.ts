import { messagesOf, type PromptText } from '../prompt-texts.js'
import type { Prompt } from '../types.js'
import { cleanInstruction, type Demonstration, type Proposed, type Shown } from './bootstrap-prompt.js'

/** A task with its one input, which may be empty, and output. */
export type WholeTask = { readonly instruction: string; readonly input: string; readonly output: string }

/**
 * Alpaca's change to Self-Instruct (methods.md §3.5): one prompt asks for twenty whole tasks, of which three are shown. The
 * reader gives those it can tell apart; of a reply that was cut off, all but the last.
 */
export function alpacaPrompt(text: PromptText, { strict }: { strict: boolean }): Prompt<Shown, Proposed> {
  return {
    write: ({ demonstrations }) => {
      const next = `###\n${demonstrations.length + 1}. Instruction:`
      return messagesOf(text, { tasks: demonstrations.map(record).join('') + next })
    },
    read: (reply, { demonstrations }, cutOff = false) => ({
      tasks: parseTasks(reply, demonstrations.length + 1, { strict, cutOff }),
    }),
  }
}

/** Tasks shown in a prompt, all by people (methods.md §3.5). */
export const alpacaDemonstrations = 3

/** Decoding of the published code: undamped, up to 3,072 tokens, until the twentieth task would begin. */
export const alpacaSampling = {
  maxTokens: 3072,
  temperature: 1,
  topP: 1,
  stop: ['\n20', '20.'],
  keepCutOff: true,
} as const

function record({ instruction, instances = [] }: Demonstration, at: number): string {
  const number = at + 1
  const { input, output } = instances[0]!
  return `###\n${number}. Instruction: ${cleanInstruction(instruction)}\n${number}. Input:\n${input === '' ? '<noinput>' : input}\n${number}. Output:\n${output}\n`
}

/**
 * The tasks of a reply that goes on where the prompt ended, with the number `first` before it. A record needs its three
 * fields, each once and all with one number; `strict` also wants the number that its place calls for, as the published
 * code does, and loses the records of a model that miscounts.
 */
export function parseTasks(
  reply: string,
  first: number,
  { strict, cutOff }: { strict: boolean; cutOff: boolean },
): WholeTask[] {
  // A chat model repeats the field that the prompt ends with.
  const begun = /^\s*(?:#+\s*)?\d+\.\s+Instruction:/.test(reply)
    ? reply.replace(/^\s*#+\s*/, '')
    : `${first}. Instruction:${reply}`
  const records = begun.split('###')
  return (cutOff ? records.slice(0, -1) : records).flatMap((text, at) => {
    const number = strict ? String(first + at) : /(\d+)\.\s+Instruction:/.exec(text)?.[1]
    return number === undefined ? [] : readRecord(text, number)
  })
}

function readRecord(text: string, number: string): WholeTask[] {
  const parts = text.split(new RegExp(`${number}\\.\\s+(?:Instruction|Input|Output):`))
  if (parts.length !== 4) return []
  const [, instruction = '', input = '', output = ''] = parts.map((part) => part.trim())
  return [{ instruction, input: input.toLowerCase() === '<noinput>' ? '' : input, output }]
}
