import { z } from 'zod'
import type { Row } from '../../stream/types.js'
import type { ModelStage, Prompt } from '../types.js'
import { type Choice, choiceLine, choiceSchema, readChoice, sampleChoice } from './choice.js'
import type { Language } from './language.js'

/** The option of recipes with a judge. */
export const structuredOption = {
  structured: z
    .boolean()
    .default(false)
    .describe('have judges reply in JSON by a schema, which many servers and local models can be held to'),
}

/** A question to a judge: its reply is a choice, which is said here as data too. */
export type JudgePrompt<In, Out> = Prompt<In, Out> & { choice(row: In): Choice<Out> }

/** A stage that asks a judge. */
export type JudgeStage<In extends Row, Out extends object> = ModelStage<In, Out> & {
  readonly prompt: JudgePrompt<In, Out>
}

/**
 * The stage as the option has it: the question ends by asking for JSON, the call carries its schema, and what comes in
 * another form all the same is read as it always is.
 */
export function structuredStage<In extends Row, Out extends object>(
  stage: JudgeStage<In, Out>,
  { structured, language }: { structured: boolean; language: Language },
): ModelStage<In, Out> {
  if (!structured) return stage
  const { write, read, choice } = stage.prompt
  return {
    ...stage,
    prompt: {
      write: (row) => {
        const messages = write(row)
        const { role, content } = messages.at(-1)!
        return [...messages.slice(0, -1), { role, content: `${content}\n\n${choiceLine(choice(row), language)}` }]
      },
      schema: (row) => choiceSchema(choice(row)),
      read: (reply, row, cutOff) => readChoice(reply, choice(row)) ?? read(reply, row, cutOff),
    },
    usualReply: (row) => sampleChoice(choice(row), stage.usualReply(row)),
  }
}
