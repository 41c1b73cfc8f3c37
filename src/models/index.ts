import { within } from '../http/request.js'
import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import { type KeyOptions, readKey } from './api-key.js'
import { type BatchOptions, batchedModel } from './batch/batched.js'
import { findPulled } from './catalogue.js'
import { ggufModel } from './gguf.js'
import { type OpenAiOptions, openaiModel } from './openai.js'
import { replayModel } from './replay.js'
import type { Model } from './types.js'

export type ModelOptions = KeyOptions & {
  /** Where the API begins: needed for `openai:`, a dedicated endpoint for `hf:`. */
  readonly endpoint?: string
  /** Plain http to another machine; default false. */
  readonly allowHttp?: boolean
  /** How long a call may take; default one minute until its answer begins, half a minute between two pieces of it, ten in all. */
  readonly timeoutMs?: number | undefined
}

type Provider = {
  /** How its specs look, for people. */
  readonly form: string
  readonly open: (name: string, options: ModelOptions) => Model | Promise<Model>
}

/** Every provider; a new one is its own file and a line here. */
export const providers: Readonly<Record<string, Provider>> = {
  openai: { form: 'openai:NAME (with --endpoint URL)', open: openOpenAi },
  hf: { form: 'hf:ORG/NAME', open: openHuggingFace },
  gguf: { form: 'gguf:PATH', open: (path) => ggufModel(path) },
  replay: { form: 'replay:FILE', open: (path) => replayModel(path) },
  smollm2: { form: 'smollm2', open: () => openPulled('smollm2') },
}

/**
 * Opens the model that `spec` names, such as `openai:gpt-4o-mini`, `hf:meta-llama/Llama-3.3-70B-Instruct`,
 * `gguf:models/tiny.gguf` or `smollm2`. It asks once a call: wrap it in `limited`, `withRetry` and `journalled`.
 * Rejects with a UsageError where the spec, the key or the file is missing.
 */
export async function openModel(spec: string, options: ModelOptions = {}): Promise<Model> {
  const [kind = '', ...rest] = spec.split(':')
  const provider = Object.hasOwn(providers, kind) ? providers[kind] : undefined
  const name = rest.join(':')
  const forms = Object.values(providers).map(({ form }) => form)
  if (provider === undefined) {
    const near = suggest(kind, Object.keys(providers))
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    throw new UsageError(`There is no model provider called ${kind || 'nothing'}${hint}`, {
      fix: `Use ${forms.join(', ')}.`,
    })
  }
  if (provider.form.includes(':') !== (name !== '')) {
    throw new UsageError(`Expected a model such as ${provider.form}, got \`${spec}\`.`)
  }
  return provider.open(name, options)
}

/** Opens the model that an `openai:` spec names behind the Batch API of its endpoint. Rejects as {@link openModel} does. */
export async function openBatchedModel(
  spec: string,
  options: ModelOptions,
  batch: Pick<BatchOptions, 'folder' | 'isKept' | 'requests' | 'pollMs' | 'note'>,
): Promise<Model> {
  if (!spec.startsWith('openai:')) {
    throw new UsageError(`The model ${spec} cannot be asked in batches`, {
      fix: 'Use openai:NAME with --endpoint, or leave --batch out.',
    })
  }
  const name = spec.slice('openai:'.length)
  return batchedModel(name, { ...openAiOptions(name, options), ...batch })
}

function openOpenAi(name: string, options: ModelOptions): Model {
  return openaiModel(name, openAiOptions(name, options))
}

function openAiOptions(name: string, { endpoint, allowHttp, timeoutMs, ...key }: ModelOptions): OpenAiOptions {
  if (endpoint === undefined) {
    throw new UsageError(`The model openai:${name} needs an endpoint.`, {
      fix: 'Say where the API begins: --endpoint http://127.0.0.1:8080/v1 or --endpoint https://api.openai.com/v1.',
    })
  }
  return { endpoint, apiKey: readKey(key, 'OPENAI_API_KEY'), allowHttp, timeouts: timeoutsOf(timeoutMs) }
}

async function openHuggingFace(name: string, options: ModelOptions): Promise<Model> {
  const { endpoint, allowHttp, timeoutMs, ...key } = options
  const token = readKey(key, 'HF_TOKEN')
  if (token === undefined && endpoint === undefined) {
    throw new UsageError(`The model hf:${name} needs a token.`, { fix: 'Put your Hugging Face token into HF_TOKEN.' })
  }
  // Its client is large and few runs need it.
  const { huggingfaceModel } = await import('./huggingface.js')
  return huggingfaceModel(name, { token, endpoint, allowHttp, timeouts: timeoutsOf(timeoutMs) })
}

async function openPulled(name: string): Promise<Model> {
  const path = await findPulled(name)
  // Its prompts are short, and every thousand tokens of context take 23 MB.
  if (path !== undefined) return ggufModel(path, { contextTokens: 2048 })
  throw new UsageError(`The model ${name} is not on this machine yet.`, { fix: `Run \`sluice models pull ${name}\`.` })
}

function timeoutsOf(timeoutMs: number | undefined) {
  return timeoutMs === undefined ? undefined : within(timeoutMs)
}
