import { type KeyOptions, readKey } from '../models/api-key.js'

/** Where the keys of a run's endpoints come from. */
export type EndpointKeys = KeyOptions & {
  /** Name of the environment variable that holds the key of the embedding endpoint. */
  readonly embedderApiKeyEnv?: string | undefined
  /** File that holds it, readable by its owner alone. */
  readonly embedderApiKeyFile?: string | undefined
}

type Endpoints = {
  readonly embedder?: string
  readonly embedderEndpoint?: string | undefined
  readonly model?: string
  readonly endpoint?: string
}

/**
 * The key that the embedder of a run is sent: the one named for it. Where none is, the model's if both are asked at one
 * host and port, or the only key of a run whose model is asked nowhere; a model's key is shown to no other host than its own.
 * Throws a UsageError where a key that is named is not there.
 */
export function embedderKey(
  { embedder = 'static', embedderEndpoint, model = '', endpoint }: Endpoints,
  { embedderApiKeyEnv, embedderApiKeyFile, env, ...modelKey }: EndpointKeys,
): string | undefined {
  if (!embedder.startsWith('openai:')) return undefined
  const usual = model.startsWith('hf:') ? 'HF_TOKEN' : 'OPENAI_API_KEY'
  if (embedderApiKeyEnv !== undefined || embedderApiKeyFile !== undefined) {
    return readKey({ apiKeyEnv: embedderApiKeyEnv, apiKeyFile: embedderApiKeyFile, env }, usual)
  }
  const isAskedElsewhere = /^(openai|hf):/.test(model) && originOf(endpoint) !== originOf(embedderEndpoint)
  return isAskedElsewhere ? undefined : readKey({ ...modelKey, env }, usual)
}

function originOf(endpoint = ''): string | undefined {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : undefined
}
