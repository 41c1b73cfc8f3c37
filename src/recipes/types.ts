import type { z } from 'zod'
import type { Embedder } from '../embed/types.js'
import type { Message, Model } from '../models/types.js'
import type { Pass } from '../run/types.js'
import type { PromptTexts } from './prompt-texts.js'

/** What a recipe borrows from the machine it runs on; nothing here changes a byte of the output. */
export type Resources = {
  /** The model, journalled and retried; opened at the first call, so that selection alone needs none. */
  model(): Promise<Model>
  embedder(): Promise<Embedder>
  /** Calls in flight at once. */
  readonly concurrency: number
  /** Aborts calls already in flight, some seconds after a run was asked to stop. */
  readonly callSignal?: AbortSignal
}

/** A method: its options (the paper's hyper-parameters, with the paper's defaults) and its passes, in order. */
export type Recipe<Config = Record<string, unknown>> = {
  readonly name: string
  /** One line for `sluice recipes` and `--help`. */
  readonly summary: string
  readonly usesModel: boolean
  /** A zod object; flags, config files and schemas/ are derived from it. */
  readonly options: z.ZodType<Config>
  /** Options that name a file the recipe reads: looked for at the start, and part of the plan. */
  readonly fileOptions?: readonly string[]
  /** How it words its questions; `--prompts` may replace any of them. */
  readonly prompts?: PromptTexts
  /** `texts` are its `prompts`, or what was given in their place. */
  passes(config: Config, resources: Resources, texts: PromptTexts): readonly Pass[]
}

/**
 * A question beside the reader of its reply. `read` never guesses: what it cannot read is unread, with a reason. `cutOff`
 * says that the reply ends where its tokens ran out, which only a call that keeps such replies meets.
 */
export type Prompt<In, Out> = {
  write(row: In): readonly Message[]
  read(reply: string, row: In, cutOff?: boolean): Out | Unread
}

/** Why a reply could not be used: a short fixed phrase that a report can count. */
export type Unread = { readonly unread: string }
