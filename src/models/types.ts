import type { ReplySchema } from './reply-schema.js'

/** One turn of a chat, as every provider knows it. */
export type Message = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

/** What the provider says it counted, in tokens of its own tokeniser. */
export type Usage = { readonly promptTokens: number; readonly completionTokens: number }

/** A usable answer. `length` means that the text was cut off at `maxTokens`; only a call that keeps those is handed one. */
export type Reply = { readonly text: string; readonly finish: 'stop' | 'length'; readonly usage?: Usage }

/** One question about one row. All of it, together with the model's id, is the key the reply is journalled under. */
export type Call = {
  readonly messages: readonly Message[]
  readonly rowId: string
  /** The recipe's stage, such as `instruct`. */
  readonly stage: string
  /** Which sample of this row and stage, from 0 up. */
  readonly ordinal: number
  readonly maxTokens: number
  readonly temperature?: number
  readonly topP?: number
  /** Taken from the score of every token that has come before; OpenAI's scale, -2 to 2. */
  readonly presencePenalty?: number
  readonly stop?: readonly string[]
  /** Takes a reply as it is where it was cut off, for a reader of lists; by default it is asked for again, longer. */
  readonly keepCutOff?: true
  /** JSON that the reply is to be: providers hold the model to it, or leave it unheard, so a reader must still look. */
  readonly schema?: ReplySchema
  /** Sent to providers that know seeds; a local model without one derives it from the rest of the call. */
  readonly seed?: number
}

/** How likely a model finds a text: asked in place of a reply. All of it, with the model's id, is the journal's key. */
export type ScoreCall = {
  /** What comes before, as plain text, without a chat template; may be empty. */
  readonly prompt: string
  readonly continuation: string
  readonly rowId: string
  /** The recipe's stage, such as `answer`. */
  readonly stage: string
}

export type Score = {
  /**
   * Tokens that hold any of the continuation. Without a prompt the first token of all is not among them where the model
   * begins with no token of its own, since nothing comes before it.
   */
  readonly tokens: number
  /** Natural logarithm of the probability that the model writes these tokens after those before: the sum over them. */
  readonly logProbability: number
  readonly usage?: Usage
}

export type AskOptions = {
  /** Aborts the call, wherever it is. */
  readonly signal?: AbortSignal
  /** No further request is sent once this aborts; one in flight goes on, since it may be paid for. */
  readonly stop?: AbortSignal
  /** Called whenever a request of it is sent. */
  readonly onSend?: () => void
  /** The journal's key of the question, where it is known; a provider sends it along, so that no server counts a call twice. */
  readonly key?: string | undefined
}

/**
 * Anything that answers a call. Wrapping a model gives another model: `journalled(withRetry(limited(openaiModel(…))))`.
 * `ask` rejects with a {@link CallFailure} where this one row cannot be answered, and with a RefusedError, an
 * EndpointError or a DiskError where the run must stop.
 */
export type Model = {
  /** Provider, host and name: part of the journal's key, so it never holds a secret. */
  readonly id: string
  ask(call: Call, options?: AskOptions): Promise<Reply>
  /** How likely the model finds a given continuation; rejects as `ask` does. Absent where it cannot tell: see `scoringBy`. */
  score?(call: ScoreCall, options?: AskOptions): Promise<Score>
  close?(): Promise<void>
}

/** Counts the tokens of prompts and of replies. */
export type TokenCounter = {
  prompt(messages: readonly Message[]): number
  reply(text: string): number
  /** Whether these are the model's own tokens, or an estimate that goes by scripts. */
  readonly isExact: boolean
  close?(): Promise<void>
}

/** This one row cannot be answered by this model; its neighbours may well be. The recipe turns it into a reject. */
export class CallFailure extends Error {
  /** How often the model was asked. */
  readonly attempts: number
  /** The last HTTP status, where one came. */
  readonly status?: number
  /** A short fixed phrase that a report can count. */
  readonly reason: string

  constructor(reason: string, details: { attempts: number; status?: number; message?: string; cause?: unknown }) {
    super(
      details.message === undefined ? reason : `${reason}: ${details.message}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.name = 'CallFailure'
    this.reason = reason
    this.attempts = details.attempts
    this.status = details.status
  }
}
