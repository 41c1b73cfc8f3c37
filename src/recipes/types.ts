import type { z } from 'zod'
import type { Embedder } from '../embed/types.js'
import type { DescribeOptions } from '../formats/index.js'
import type { ReplySchema } from '../models/reply-schema.js'
import type { Call, Message, Model } from '../models/types.js'
import type { Pass, Plan, RunView } from '../run/types.js'
import type { Row } from '../stream/types.js'
import type { PromptTexts } from './ask/prompt-texts.js'
import type { MemoryBound } from './memory.js'
import type { RowFacts } from './pass/row-facts.js'
import type { VectorStore } from './vectors/types.js'

/** What a recipe borrows from the machine it runs on; nothing here changes a byte of the output. */
export type Resources = {
  /** The model, journalled and retried; opened at the first call, so that selection alone needs none. */
  model(): Promise<Model>
  embedder(): Promise<Embedder>
  /** Where vectors are kept, if they are: for `openShardEmbedder`. */
  vectors?(): Promise<VectorStore>
  /** Calls in flight at once. */
  readonly concurrency: number
  /** Rows under way at once; default four for each call in flight. */
  readonly rowsAtOnce?: number | undefined
  /** How shards are read. */
  readonly reading: Omit<DescribeOptions, 'signal'>
  /** Most bytes this process may take, and the threads that share them. */
  readonly memory?: MemoryBound
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
  /** What it reads where no shards are named; without one, shards must be. */
  bundledInput?(config: Config): string
  /** Options that name a file the recipe reads: looked for at the start, and part of the plan. */
  readonly fileOptions?: readonly string[]
  /** How it words its questions; `--prompts` may replace any of them. */
  readonly prompts?: PromptTexts
  /** `texts` are its `prompts`, or what was given in their place. */
  passes(config: Config, resources: Resources, texts: PromptTexts): readonly Pass[]
  /** What a run tells of a row beside its rejects and its replies; nothing where it knows no row of that id. */
  explain?(run: RunView, id: string, signal: AbortSignal): Promise<RowFacts | undefined>
  /** What it will ask the model; needed of every recipe that asks one. */
  calls?(config: Config, texts: PromptTexts): CallPlan
}

/** A number of which only bounds may be known before a run; all three are equal where it is certain. */
export type Estimate = { readonly low: number; readonly expected: number; readonly high: number }

/** Everything a recipe asks its model, as `sluice plan` counts it. */
export type CallPlan = {
  /** Every stage a row may go through, in the order of the flow; a stage that comes again (a round) is listed again. */
  readonly stages: readonly ModelStage<Row, object>[]
  /** Looks at the corpus, or as much of it as tells, without asking a model. */
  rows(view: { plan: Plan; signal: AbortSignal; reading?: Resources['reading'] | undefined }): Promise<AskedRows>
}

export type AskedRows = {
  /** How many rows are left after each step before the first stage, such as `['rows chosen', …]`; the last one is asked. */
  readonly steps: readonly (readonly [string, Estimate])[]
  /** Some of these rows, as the first stage will see them. */
  readonly sample: readonly Row[]
  /** How many texts are embedded on the way, and some of them. */
  readonly embedded?: { readonly texts: Estimate; readonly sample: readonly string[] }
}

/** How a model is to draw its reply; absent values are left to the provider. */
export type Sampling = Pick<Call, 'maxTokens' | 'temperature' | 'topP' | 'presencePenalty' | 'stop' | 'keepCutOff'>

/** A question to a model, as data: the flow asks by it and the plan counts by it, so that the two cannot part. */
export type ModelStage<In extends Row, Out extends object> = {
  /** Unique in its recipe; rejects, journal and plan name it. */
  readonly name: string
  readonly prompt: Prompt<In, Out>
  readonly sampling: Sampling
  /** Replies asked for a row; default 1. */
  readonly samples?: number
  /** Which share of the rows that the first stage is asked about comes as far as this one; default all. */
  readonly reach?: Estimate
  /** A reply of usual length to this row, one that `prompt.read` can read: for the size of replies and of later prompts. */
  usualReply(row: In): string
}

/**
 * A question beside the reader of its reply. `read` never guesses: what it cannot read is unread, with a reason. `cutOff`
 * says that the reply ends where its tokens ran out, which only a call that keeps such replies meets.
 */
export type Prompt<In, Out> = {
  write(row: In): readonly Message[]
  read(reply: string, row: In, cutOff?: boolean): Out | Unread
  /** JSON that providers are to hold the reply to; absent where it is free. */
  schema?(row: In): ReplySchema
}

/** Why a reply could not be used: a short fixed phrase that a report can count. */
export type Unread = { readonly unread: string }
