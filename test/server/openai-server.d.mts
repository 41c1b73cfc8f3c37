import type { IncomingHttpHeaders } from 'node:http'

/** What a bad server does instead of answering. */
export type Fault =
  | (
      | '429'
      | '429-after'
      | '429-ms'
      | '429-reset'
      | '429-ratelimit'
      | '500'
      | '501'
      | '503'
      | '400'
      | '401'
      | '404'
      | 'loading'
      | 'context'
      | 'redirect'
      | 'echo-key'
      | 'schema-refused'
    )
  | ('reset' | 'cut' | 'hang' | 'trickle' | 'endless' | 'html' | 'empty' | 'bad-json')
  | ('no-choices' | 'blank' | 'bad-finish' | 'length' | 'refusal' | 'wrong-count' | 'wrong-size' | 'not-finite')
  | ('no-echo' | 'other-text' | 'positive' | 'echo-refused')

/** Every kind of fault that comes and goes by itself, and that a client must be equal to at any call. */
export const usualFaults: readonly Fault[]

export type ChatRequest = { messages: { role: string; content: string }[]; [parameter: string]: unknown }

export type ServerOptions = {
  /** 0 takes any free one. */
  port?: number
  /** Decides which requests are faulty. */
  seed?: number
  /** Waited before every answer. */
  latencyMs?: number
  /** Requests at once, beyond which it answers 429. */
  most?: number
  /** The share of the requests that each kind takes, 0 to 1. */
  faults?: Partial<Record<Fault, number>>
  /** Decides alone where it is given; `attempt` counts from 1 up for each request, which `key` tells from others. */
  script?: (attempt: number, path: string, key: string) => Fault | undefined
  /** What `429-after` and the other ways to ask for peace say. */
  retryAfterS?: number
  reply?: (request: ChatRequest) => string
  /** How the server counts what it reads and writes; default a quarter of the characters. */
  tokensOf?: (text: string) => number
  /** Gets one line of JSON for each paid success. */
  ledgerFile?: string
  /** Of embeddings. */
  dimensions?: number
}

export type OpenAiServer = {
  /** Where the API begins. */
  readonly url: string
  /** Successes by request: what a real server would have been paid for. */
  readonly paid: ReadonlyMap<string, number>
  readonly totalPaid: number
  readonly faulted: ReadonlyMap<Fault, number>
  /** Every request in order. */
  readonly seen: readonly { path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }[]
  /** Requests that came before their Retry-After was over. */
  readonly violations: number
  readonly mostInFlight: number
  close(): Promise<void>
}

/** Starts the server on 127.0.0.1. The same request always gets the same reply, and the same faults before it. */
export function startOpenAiServer(options?: ServerOptions): Promise<OpenAiServer>

/**
 * A short instruction where the last message asks for one, a few clean sentences otherwise; the words are drawn from the
 * message itself by its hash.
 */
export function defaultReply(request: ChatRequest): string
