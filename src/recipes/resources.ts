import { availableParallelism } from 'node:os'
import { openEmbedder } from '../embed/index.js'
import { roundedEmbedder } from '../embed/quantize.js'
import { type BudgetOptions, type Limits, noSpending, type Spending } from '../models/budget.js'
import { type Journal, openJournal } from '../models/journal.js'
import { costOf, type Price, priceOf } from '../models/prices.js'
import { runPaths } from '../run/paths.js'
import { UsageError } from '../stream/errors.js'
import { type BatchSettings, batchSettings } from './ask/batch-settings.js'
import { openJournalledModel } from './ask/open-model.js'
import { recordSpending, type SpendingRecord } from './ask/spending.js'
import { embedderKey } from './embedder-key.js'
import { requireSameEmbedder } from './run-embedder.js'
import { type EmbedderSettings, precisionOf } from './select/options.js'
import type { Resources } from './types.js'
import { openVectorStore } from './vectors/store.js'

/** What differs from one machine to the next and changes no byte of the output. */
export type MachineOptions = {
  /** Calls in flight at once; default 8. */
  concurrency?: number
  /** Most requests the endpoint is sent in a minute; default no limit. */
  requestsPerMinute?: number
  /** Most tokens it is sent and asked for in a minute; default no limit. */
  tokensPerMinute?: number
  /** Further endpoints of the same model, with commas between; each has the concurrency and the rates for itself. */
  alsoAt?: string
  /** Asks in batches, which cost less and take up to a day; for `openai:` models. */
  batch?: boolean
  /** Most requests of a batch, and rows under way at once; default 10,000. */
  batchSize?: number
  /** Most seconds between two looks at a batch; default 60. */
  batchPoll?: number
  /** Most seconds a call may take; default 60 until its answer begins, 600 in all. */
  timeout?: number
  /** Folder of the journal of replies; default inside the run folder. */
  journal?: string
  /** Folder of vectors to share between runs; default inside the run folder, and none for the bundled embedder. */
  vectors?: string
  /** File to record the model's calls in, for `replay:FILE`. */
  record?: string
  /** Name of the environment variable that holds the endpoint's key. */
  apiKeyEnv?: string
  /** File that holds the endpoint's key, readable by its owner alone. */
  apiKeyFile?: string
  /** Name of the environment variable that holds the key of the embedding endpoint; the model's is shown to its own host alone. */
  embedderApiKeyEnv?: string
  /** File that holds the key of the embedding endpoint, readable by its owner alone. */
  embedderApiKeyFile?: string
  /** Allows http:// to other machines than this one. */
  allowHttp?: boolean
  /** What the run may spend, over all calls that resume it; a call that would pass it stops the run with a LimitError. */
  limits?: Limits
  /** Dollars for a million tokens by model, before the built-in list. */
  prices?: Readonly<Record<string, Price>>
  /** Aborts calls in flight; for the time after `signal`. */
  callSignal?: AbortSignal
  /** How shards are read: other limits, or in a process of their own. */
  reading?: Resources['reading']
  /** Most bytes this process may take: a run that needs more is a UsageError. */
  maxMemory?: number | undefined
  /** Threads that read, embed and assign side by side; default 1, this one alone. */
  workers?: number
}

/** What a run asked this time: calls made, replies found in the journal, and what the endpoint was sent and answered. */
export type Calls = Readonly<Spending> & {
  readonly made: number
  readonly journalled: number
  /** Absent where the model's price is not known. */
  readonly dollars?: number
}

export type OpenResources = { readonly resources: Resources; calls(): Calls; close(): Promise<void> }

/** Opens the model and the embedder when a pass first asks for them, each once. */
export function openResources(
  config: Readonly<Record<string, unknown>>,
  out: string,
  machine: MachineOptions,
  note: (text: string) => void = () => {},
): OpenResources {
  const { concurrency = 8, reading = {}, maxMemory, workers, callSignal } = machine
  const batch = batchSettings(runPaths(out).batches, machine, note)
  const { model, calls, close: closeModel } = askedModel(config as NamedModel, { out, machine, batch })
  const { close: closeEmbedder, ...embedding } = embeddings(config as EmbedderSettings, out, machine)
  return {
    resources: {
      model,
      ...embedding,
      concurrency: concurrency * (1 + endpointsBeside(machine).length),
      rowsAtOnce: batch?.requests,
      callSignal,
      reading,
      memory: { maxMemory, workers },
    },
    calls,
    close: () => closeModel().finally(closeEmbedder),
  }
}

type NamedModel = { model: string; endpoint?: string }

/** The model behind its journal and its budget, and what was asked of it. */
function askedModel(
  named: NamedModel,
  { out, machine, batch }: { out: string; machine: MachineOptions; batch: BatchSettings | undefined },
): Pick<OpenResources, 'calls' | 'close'> & Pick<Resources, 'model'> {
  const { concurrency = 8, journal: journalFolder = runPaths(out).journal, record: recording, timeout } = machine
  const { requestsPerMinute, tokensPerMinute, apiKeyEnv, apiKeyFile, allowHttp } = machine
  const budget = openBudget(named, machine)
  let journal: Journal | undefined
  let record: SpendingRecord | undefined
  const model = once(async () => {
    journal = await openJournal(journalFolder, { onSegment: async (path) => record?.onSegment(path) })
    record = await recordSpending(runPaths(out).spent, budget, journal.appended)
    return openJournalledModel(named, {
      ...{ concurrency, journal, budget, batch, rates: { requestsPerMinute, tokensPerMinute } },
      ...{ alsoAt: endpointsBeside(machine), record: recording, allowHttp, apiKeyEnv, apiKeyFile },
      timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    })
  })
  return {
    model: model.get,
    calls: () => {
      const { price } = budget
      const spent = spentSince(record?.before, budget.spent)
      const dollars = price && costOf(price, spent.promptTokens, spent.completionTokens)
      const counts = { made: journal?.counts.calls ?? 0, journalled: journal?.counts.hits ?? 0 }
      return { ...counts, ...spent, ...(dollars === undefined ? {} : { dollars }) }
    },
    close: async () => {
      try {
        await (await model.opened())?.close?.()
      } finally {
        await journal?.close().finally(record?.close)
      }
    },
  }
}

/** The embedder, and where its vectors are kept for another run. */
function embeddings(
  config: EmbedderSettings,
  out: string,
  machine: MachineOptions,
): Pick<Resources, 'embedder' | 'vectors'> & Pick<OpenResources, 'close'> {
  const { concurrency = 8, allowHttp, requestsPerMinute, workers = 1 } = machine
  const precision = precisionOf(config)
  const share = (all: number) => Math.max(1, Math.floor(all / workers))
  const plain = once(async () => {
    const opened = await openEmbedder(config.embedder, {
      endpoint: config.embedderEndpoint,
      apiKey: embedderKey(config, machine),
      allowHttp,
      concurrency: share(concurrency),
      requestsPerMinute: requestsPerMinute && requestsPerMinute / workers,
      threads: share(availableParallelism()),
    })
    await requireSameEmbedder(out, opened.id)
    return opened
  })
  const embedder = once(async () => roundedEmbedder(await plain.get(), precision))
  // The bundled embedder makes vectors about as fast as a disk gives them back.
  const folder = machine.vectors ?? (config.embedder === 'static' ? undefined : runPaths(out).vectors)
  const vectors = once(async () => openVectorStore(folder!, await plain.get(), precision))
  return {
    embedder: embedder.get,
    ...(folder !== undefined && { vectors: vectors.get }),
    close: async () => (await plain.opened())?.close?.(),
  }
}

function endpointsBeside({ alsoAt = '' }: MachineOptions): string[] {
  return alsoAt.split(',').filter((url) => url.trim() !== '')
}

function spentSince(before: Readonly<Spending> = noSpending(), now: Spending): Spending {
  return {
    requests: now.requests - before.requests,
    promptTokens: now.promptTokens - before.promptTokens,
    completionTokens: now.completionTokens - before.completionTokens,
  }
}

type RunBudget = BudgetOptions & Required<Pick<BudgetOptions, 'underWay'>>

/** What may be spent, at which price; a limit in dollars needs a price that somebody told. */
function openBudget(named: NamedModel, { limits, prices, batch }: MachineOptions): RunBudget {
  const price = named.model === undefined ? undefined : priceOf({ ...named, batch }, prices)
  if (limits?.dollars !== undefined && price === undefined) {
    throw new UsageError(`A limit of ${limits.dollars} dollars needs the price of ${named.model}, which is not known`, {
      fix: 'Say it with --prices FILE, or limit requests or tokens instead.',
    })
  }
  return { limits, price, spent: noSpending(), underWay: { requests: 0 } }
}

function once<T>(open: () => Promise<T>): { get(): Promise<T>; opened(): Promise<T | undefined> } {
  let opening: Promise<T> | undefined
  return {
    get: () => {
      opening ??= open()
      return opening
    },
    // What failed to open has told its caller so, and needs no closing.
    opened: async () => opening?.catch(() => undefined),
  }
}
