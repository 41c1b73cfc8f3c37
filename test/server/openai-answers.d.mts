import type { ChatRequest, Fault } from './openai-server.mjs'

/** A chat completion with this text. */
export function chat(
  body: ChatRequest,
  text: string,
  fault: Fault | undefined,
  tokensOf: (text: string) => number,
): Record<string, unknown>
/** Vectors in reverse order, as the protocol allows. */
export function embeddings(
  body: Record<string, unknown>,
  dimensions: number,
  fault: Fault | undefined,
): Record<string, unknown>
/** The echo of a text with log-probabilities, and one word more. */
export function scores(body: Record<string, unknown>, fault: Fault | undefined): Record<string, unknown>
export function defaultReply(request: ChatRequest): string
export function quarterOf(text: string): number
/** A number in [0, 1) that depends on the text alone. */
export function share(text: string): number
export function sha256(text: string): string

/** What OpenAI's strict mode would refuse about the form that a reply is to have; `undefined` where it is well. */
export function strictFault(format: unknown): string | undefined
