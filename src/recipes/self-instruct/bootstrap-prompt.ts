import { splitWords } from '../../text/words.js'
import type { Language } from '../ask/language.js'
import { messagesOf, type PromptText } from '../ask/prompt-texts.js'
import type { Prompt } from '../types.js'
import { marksOf } from './marks.js'
import type { SeedTask } from './seeds.js'

/** A request for new tasks: what is shown to the model so that it goes on, in the order drawn. */
export type Shown = { readonly id: string; readonly demonstrations: readonly Demonstration[] }

/** A task of the pool: one that a person wrote, with its instances, or one that the model wrote. */
export type Demonstration = Pick<SeedTask, 'instruction'> & Partial<Pick<SeedTask, 'instances'>>

/** What a reply proposes, unjudged: an instruction, in Alpaca's mode with its one input and its output. */
export type Proposed = { readonly tasks: readonly ProposedTask[] }
export type ProposedTask = { readonly instruction: string; readonly input?: string; readonly output?: string }

/**
 * Self-Instruct (arXiv 2212.10560 §2.2): shows eight numbered tasks and has the list continued to sixteen. The reader gives
 * the new tasks in the order they stand in; their numbers are not believed.
 */
export function bootstrapPrompt(text: PromptText, options: ListReading): Prompt<Shown, Proposed> {
  return {
    write: ({ demonstrations }) =>
      messagesOf(text, { tasks: numberedList(demonstrations.map(({ instruction }) => instruction)) }),
    read: (reply, { demonstrations }) => {
      const instructions = parseInstructions(reply, demonstrations.length + 1, options)
      return { tasks: instructions.map((instruction) => ({ instruction })) }
    },
  }
}

/** Decoding of the published code; its blank-line stop is left out, since chat models set list items apart. */
export const bootstrapSampling = { maxTokens: 1024, temperature: 0.7, topP: 0.5, presencePenalty: 2 } as const

/** Where a list would go on beyond sixteen. */
export const bootstrapStops: Readonly<Record<Language, readonly string[]>> = {
  en: ['\n16', '16.', '16 .'],
  zh: ['\n16', '16.', '16、'],
}

/** Tasks shown in a prompt: at most two that the model wrote, the others by people. */
export const demonstrationCount = 8

/** "1. …" to "n. …", and the number that is to come. */
export function numberedList(instructions: readonly string[]): string {
  const lines = instructions.map((instruction, at) => `${at + 1}. ${cleanInstruction(instruction)}`)
  return [...lines, `${instructions.length + 1}.`].join('\n')
}

/** An instruction on one line, without the colons at its end. */
export function cleanInstruction(instruction: string): string {
  return splitWords(instruction)
    .join(' ')
    .replace(/[:：]+$/, '')
}

export type ListReading = { strict: boolean; language?: Language }

/**
 * The instructions of a continued list, each on one line with a capital at its start; empty ones come as they are. `strict`
 * also sets every other letter small, as the published code does ("NASA" becomes "nasa").
 */
export function parseInstructions(reply: string, first: number, { strict, language = 'en' }: ListReading): string[] {
  const { firstDot, nextItem } = marksOf[language].reading
  // A chat model repeats the number that the prompt ends with.
  const text = reply.replace(new RegExp(`^\\s*${first}\\s?${firstDot}`, 'u'), '')
  return text.split(nextItem).map((part) => capitalised(splitWords(part).join(' '), strict))
}

function capitalised(text: string, strict: boolean): string {
  const [first = ''] = text
  const rest = text.slice(first.length)
  return first.toUpperCase() + (strict ? rest.toLowerCase() : rest)
}
