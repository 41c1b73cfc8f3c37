import type { Language } from '../ask/language.js'
import { messagesOf, type PromptText } from '../ask/prompt-texts.js'
import type { Prompt } from '../types.js'
import { cleanInstruction, type Demonstration, type Proposed, type Shown } from './bootstrap-prompt.js'
import { type Marks, marksOf } from './marks.js'

/** A task with its one input, which may be empty, and output. */
export type WholeTask = { readonly instruction: string; readonly input: string; readonly output: string }

/**
 * Alpaca's change to Self-Instruct (Stanford Alpaca, 2023): one prompt asks for twenty whole tasks, of which three are shown. The
 * reader gives those it can tell apart; of a reply that was cut off, all but the last.
 */
export function alpacaPrompt(
  text: PromptText,
  { strict, language = 'en' }: { strict: boolean; language?: Language },
): Prompt<Shown, Proposed> {
  return {
    write: ({ demonstrations }) => {
      const next = `###\n${demonstrations.length + 1}. ${marksOf[language].instruction}`
      const records = demonstrations.map((task, at) => `###\n${taskRecord(task, at + 1, language)}`)
      return messagesOf(text, { tasks: records.join('') + next })
    },
    read: (reply, { demonstrations }, cutOff = false) => ({
      tasks: parseTasks(reply, demonstrations.length + 1, { strict, cutOff, language }),
    }),
  }
}

/** Tasks shown in a prompt, all by people (tatsu-lab/stanford_alpaca, issue 157). */
export const alpacaDemonstrations = 3

/** Decoding of the published code: undamped, up to 3,072 tokens, until the twentieth task would begin. */
export const alpacaSampling = {
  maxTokens: 3072,
  temperature: 1,
  topP: 1,
  keepCutOff: true,
} as const

/** Where the twentieth task would begin. */
export const alpacaStops: Readonly<Record<Language, readonly string[]>> = {
  en: ['\n20', '20.'],
  zh: ['\n20', '20.', '20、'],
}

/** A task with its first instance, as a record of that number. */
export function taskRecord({ instruction, instances = [] }: Demonstration, number: number, language: Language): string {
  const { input, output } = instances[0]!
  const marks = marksOf[language]
  return `${number}. ${marks.instruction}${marks.gap}${cleanInstruction(instruction)}
${number}. ${marks.input}
${input === '' ? marks.noInput : input}
${number}. ${marks.output}
${output}
`
}

/**
 * The tasks of a reply that goes on where the prompt ended, with the number `first` before it. A record needs its three
 * fields, each once and all with one number; `strict` also wants the number that its place calls for, as the published
 * code does, and loses the records of a model that miscounts.
 */
export function parseTasks(
  reply: string,
  first: number,
  { strict, cutOff, language = 'en' }: { strict: boolean; cutOff: boolean; language?: Language },
): WholeTask[] {
  const { instruction, reading } = marksOf[language]
  const begin = `(\\d+)${reading.recordDot}${reading.field.instruction}`
  // A chat model repeats the field that the prompt ends with.
  const begun = new RegExp(`^\\s*(?:#+\\s*)?${begin}`).test(reply)
    ? reply.replace(/^\s*#+\s*/, '')
    : `${first}. ${instruction}${reply}`
  const records = begun.split('###')
  return (cutOff ? records.slice(0, -1) : records).flatMap((text, at) => {
    const number = strict ? String(first + at) : new RegExp(begin).exec(text)?.[1]
    return number === undefined ? [] : readRecord(text, number, marksOf[language])
  })
}

function readRecord(text: string, number: string, { reading }: Marks): WholeTask[] {
  const parts = text.split(new RegExp(`${number}${reading.recordDot}${reading.field.any}`))
  if (parts.length !== 4) return []
  const [, instruction = '', input = '', output = ''] = parts.map((part) => part.trim())
  return [{ instruction, input: reading.noInput.test(input) ? '' : input, output }]
}
