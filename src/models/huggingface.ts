import { InferenceClient } from '@huggingface/inference'
import { describeUrl, parseEndpoint } from '../http/endpoint.js'
import { strictFetch } from '../http/fetch.js'
import type { Timeouts } from '../http/request.js'
import { UsageError } from '../stream/errors.js'
import { readChatReply } from './chat-reply.js'
import { chatParameters } from './openai.js'
import { schemaRefusal } from './reply-schema.js'
import type { Model } from './types.js'

export type HuggingFaceOptions = {
  /** A Hugging Face token, or the key of the dedicated endpoint. */
  readonly token?: string
  /** A dedicated endpoint; default Hugging Face's router, which picks a provider (`org/model:provider` names one). */
  readonly endpoint?: string
  /** Plain http to another machine; default false. */
  readonly allowHttp?: boolean
  readonly timeouts?: Partial<Timeouts>
}

/**
 * A model at Hugging Face's inference providers or at a dedicated endpoint, through @huggingface/inference with our own
 * fetch: its retries are off (it repeats a 503 at once and without end) and no failure reaches it. Asks once a call and
 * rejects as `openaiModel` does.
 */
export function huggingfaceModel(name: string, options: HuggingFaceOptions = {}): Model {
  const { token = '', endpoint, allowHttp, timeouts } = options
  const secrets = token === '' ? [] : [token]
  const url = endpoint === undefined ? undefined : parseEndpoint(endpoint, { allowHttp })
  const host = url === undefined ? 'router' : describeUrl(url).replace(/^https?:\/\//, '')
  const where = url === undefined ? { provider: 'auto' as const } : { endpointUrl: url.href }
  const fetch = strictFetch({ allowHttp, secrets, timeouts })
  const client = new InferenceClient(token, { retry_on_error: false, fetch })

  return {
    id: `hf:${host}:${name}`,
    async ask(call, { signal } = {}) {
      const { messages, stop, ...rest } = chatParameters(name, call)
      const lists = { messages: [...messages], stop: stop === undefined ? undefined : [...stop] }
      try {
        const body = { ...where, ...rest, ...lists }
        return readChatReply(await client.chatCompletion(body, { signal }), secrets)
      } catch (error) {
        if ((error as Error).name !== 'InputError') throw schemaRefusal(error, call.schema)
        throw new UsageError(`Hugging Face cannot be asked for ${name}: ${(error as Error).message}`, {
          cause: error,
          fix: 'Check the name of the model; `org/name:provider` chooses a provider.',
        })
      }
    },
  }
}
