import { z } from 'zod'
import type { Sampling } from '../types.js'

/** Options of every recipe that asks a model. */
export const modelOptions = {
  model: z.string().min(1).describe('openai:NAME, hf:NAME, gguf:PATH, smollm2, or replay:FILE for tests'),
  endpoint: z.string().optional().describe('base URL of an OpenAI-compatible server, with /v1'),
  temperature: z.number().min(0).max(2).optional().describe("sampling temperature (default: each stage's own)"),
  topP: z.number().min(0).max(1).optional().describe("nucleus sampling (default: each stage's own)"),
  maxTokens: z.int().min(1).optional().describe("most new tokens of a reply (default: each stage's own)"),
  prompts: z.string().optional().describe("YAML file of prompts to use in the place of the recipe's own"),
}

type SamplingOptions = {
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly maxTokens?: number | undefined
}

/** A stage's own way to sample, with what the user set in its place. */
export function sampledAs(own: Sampling, { temperature, topP, maxTokens }: SamplingOptions): Sampling {
  return {
    ...own,
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(maxTokens !== undefined && { maxTokens }),
  }
}
