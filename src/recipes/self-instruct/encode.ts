import { type Columns, messages, type Schema } from '../../formats/index.js'
import { uniform } from '../../text/hash.js'
import type { Language } from '../ask/language.js'
import type { Instance } from './instances.js'
import { type Marks, marksOf } from './marks.js'

/** An instance of a task on its way out. */
export type Written = Instance & {
  readonly id: string
  readonly instruction: string
  readonly source: 'machine' | 'seed'
  /** Absent in Alpaca's mode, which does not ask. */
  readonly isClassification?: boolean | undefined
}

/** An output row: as messages, as the drawn encoding for plain language models, and in its parts. */
export const pairSchema: Schema = {
  id: 'string',
  messages,
  prompt: 'string',
  completion: 'string',
  instruction: 'string',
  input: 'string',
  output: 'string',
  source: 'string',
  isClassification: 'boolean',
}

/**
 * Makes an instance a row. `prompt` and `completion` are its encoding for training (Self-Instruct, arXiv 2212.10560 §2.3): one of seven forms
 * with an input, of six without, drawn by lot, so that a model does not learn one form by heart.
 */
export function toPair(seed: number, language: Language): (written: Written) => Columns {
  const marks = marksOf[language]
  return ({ id, instruction, input, output, source, isClassification = undefined }) => {
    const lot = (use: string) => uniform(seed, id, use)
    const shownInput = lot('bare input') < 0.5 ? bareInput(input) : input
    const forms = input === '' ? formsWithoutInput : formsWithInput
    const [prompt, lead] = forms[Math.floor(lot('form') * forms.length)]!(instruction, shownInput, marks)
    const question = input === '' ? instruction : `${instruction}\n\n${input}`
    return {
      id,
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: output },
      ],
      prompt,
      completion: lead + output,
      ...{ instruction, input, output, source },
      isClassification: isClassification ?? null,
    }
  }
}

/** Without the name of its field where it has but one, and with half its blank lines. */
function bareInput(input: string): string {
  const fields = input.match(/[\p{L}\p{N}_]+[:：]/gu) ?? []
  const bare = fields.length === 1 && input.startsWith(fields[0]!) ? input.slice(fields[0]!.length).trimStart() : input
  return bare.replaceAll('\n\n', '\n')
}

/** The prompt, and what stands between it and the output. */
type Form = (instruction: string, input: string, marks: Marks) => readonly [prompt: string, lead: string]

const formsWithInput: readonly Form[] = [
  (instruction, given, { input, output, gap }) => [`${instruction}\n${input}${gap}${given}\n${output}`, gap],
  (instruction, given, { input, output, gap }) => [`${instruction}\n\n${input}${gap}${given}\n\n${output}`, gap],
  (instruction, given, { task, input, output, gap }) => [
    `${task}${instruction}\n${input}${gap}${given}\n${output}`,
    gap,
  ],
  (instruction, given, { output, gap }) => [`${instruction}\n\n${given}\n\n${output}`, gap],
  (instruction, given) => [`${instruction}\n\n${given}\n\n`, ''],
  (instruction, given) => [`${instruction}\n${given}\n\n`, ''],
  (instruction, given, { task }) => [`${task}${instruction}\n\n${given}\n\n`, ''],
]

const formsWithoutInput: readonly Form[] = [
  (instruction, _, { output, gap }) => [`${instruction}${gap}${output}`, gap],
  (instruction, _, { output, gap }) => [`${instruction}\n${output}`, gap],
  (instruction, _, { output, gap }) => [`${instruction}\n\n${output}`, gap],
  (instruction) => [`${instruction}\n\n`, ''],
  (instruction) => [`${instruction}\n`, ''],
  (instruction, _, { task }) => [`${task}${instruction}\n\n`, ''],
]
