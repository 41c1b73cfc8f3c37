import { z } from 'zod'
import { languageOption } from '../ask/language.js'
import { modelOptions } from '../ask/model-options.js'
import { demonstrationCount } from './bootstrap-prompt.js'

/** What the tasks that are thought up depend on. */
export const growOptions = {
  ...modelOptions,
  language: languageOption.language.describe(
    'language of the prompts, of the bundled seed tasks and of the tasks thought up',
  ),
  instructions: z.int().min(1).default(100).describe('tasks to think up, at least'),
  mode: z
    .enum(['self-instruct', 'alpaca'])
    .default('self-instruct')
    .describe('tasks, their kinds and their instances in three questions, or whole tasks in one, as Alpaca asks'),
  rules: z
    .enum(['right', 'strict'])
    .default('right')
    .describe('strict reads replies and compares tasks bug for bug as the published code does'),
  only: z.enum(['any', 'classification']).default('any').describe('classification thinks up nothing else'),
  machineShown: z
    .int()
    .min(0)
    .max(demonstrationCount)
    .default(2)
    .describe(`of the ${demonstrationCount} tasks a prompt shows, those of the model at most`),
  lookahead: z
    .int()
    .min(1)
    .default(5)
    .describe('requests that do not wait for one another: each sees the pool as it was so many replies before'),
  seed: z.int().default(0).describe('seed of every random choice'),
}

export const options = z.object({
  ...growOptions,
  demonstrations: z
    .enum(['turns', 'list'])
    .default('turns')
    .describe('how the tests and the instances are shown examples: as turns of a chat, or in one text, as published'),
  includeSeeds: z.boolean().default(true).describe('put the seed tasks into the output too'),
})

export type SelfInstructConfig = z.infer<typeof options>
