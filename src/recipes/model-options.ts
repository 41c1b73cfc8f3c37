import { z } from 'zod'

/** Options of every recipe that asks a model. */
export const modelOptions = {
  model: z.string().min(1).describe('openai:NAME, hf:NAME, gguf:PATH or smollm2'),
  endpoint: z.string().optional().describe('base URL of an OpenAI-compatible server, with /v1'),
  temperature: z.number().min(0).max(2).default(0).describe('sampling temperature'),
  topP: z.number().min(0).max(1).optional().describe('nucleus sampling'),
  maxTokens: z.int().min(1).default(512).describe('most new tokens of a reply'),
}
