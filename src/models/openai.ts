import { below, describeUrl, parseEndpoint } from '../http/endpoint.js'
import { HttpFailure } from '../http/failure.js'
import { postJson } from '../http/json.js'
import type { Timeouts } from '../http/request.js'
import { readChatReply } from './chat-reply.js'
import { callKey } from './key.js'
import { responseFormat, schemaRefusal } from './reply-schema.js'
import { readScoreReply } from './score-reply.js'
import { noScores } from './scoring.js'
import { type AskOptions, type Call, CallFailure, type Model, type ScoreCall } from './types.js'
import type { Question } from './wrapped.js'

export type OpenAiOptions = {
  /** Where the API begins, such as `http://127.0.0.1:8080/v1`. */
  readonly endpoint: string
  readonly apiKey?: string
  /** Plain http to another machine; default false. */
  readonly allowHttp?: boolean
  readonly timeouts?: Partial<Timeouts>
}

export type OpenAiAddress = ReturnType<typeof openaiAddress>

/** What every way to ask such a server shares: the model's id, where the API begins, and a call as the server takes it. */
export function openaiAddress(
  name: string,
  { endpoint, apiKey, allowHttp }: Pick<OpenAiOptions, 'endpoint' | 'apiKey' | 'allowHttp'>,
) {
  const given = parseEndpoint(endpoint, { allowHttp })
  const namesChat = given.pathname.endsWith('/chat/completions')
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  // OpenAI's newer models refuse `max_tokens`; most other servers know nothing else.
  const isOpenAi = given.hostname === 'api.openai.com'
  return {
    id: `openai:${describeUrl(given).replace(/^https?:\/\//, '')}:${name}`,
    base: namesChat ? below(given, '../..') : given,
    headers,
    secrets: apiKey === undefined ? [] : [apiKey],
    chatBody(call: Call): object {
      const body = chatParameters(name, call)
      return isOpenAi ? { ...body, max_tokens: undefined, max_completion_tokens: call.maxTokens } : body
    },
  }
}

/** What to tell of a call that failed: what its server means by it, as far as we know its words. */
export function explainFailure(error: unknown, call: Call): unknown {
  return schemaRefusal(llamaQuirk(error), call.schema)
}

/**
 * A model behind an OpenAI-compatible chat server: OpenAI, llama.cpp, vLLM, Ollama and many more. Asks once a call; wrap
 * it in `withRetry`. Rejects with an HttpFailure, or with a CallFailure where the prompt does not fit or was held back.
 */
export function openaiModel(name: string, { timeouts, ...options }: OpenAiOptions): Model {
  const { id, base, headers, secrets, chatBody } = openaiAddress(name, options)
  const [chat, completions] = [below(base, 'chat/completions'), below(base, 'completions')]
  const post = (to: URL, question: Question, body: object, { signal, key = callKey(id, question) }: AskOptions) =>
    postJson(to, body, { headers: { ...headers, 'idempotency-key': key }, secrets, timeouts, signal })

  return {
    id,
    ask: (call, options = {}) =>
      post(chat, call, chatBody(call), options).then(
        (answer) => readChatReply(answer, secrets),
        (error) => {
          throw explainFailure(error, call)
        },
      ),
    async score(call, options = {}) {
      try {
        return readScoreReply(await post(completions, call, scoreParameters(name, call), options), call, secrets)
      } catch (error) {
        // The words of llama.cpp's server, vLLM and OpenAI for what they do not do.
        const isRefused = error instanceof HttpFailure && error.status === 400 && /echo|logprobs/i.test(error.message)
        throw isRefused
          ? noScores(`The endpoint gives no log-probabilities: ${error.message}`, error)
          : llamaQuirk(error)
      }
    },
  }
}

/** No limit of tokens is understood by all servers but one from 1 up, so one token is paid for in vain. */
function scoreParameters(model: string, { prompt, continuation }: ScoreCall) {
  return { model, prompt: prompt + continuation, echo: true, logprobs: 1, max_tokens: 1, temperature: 0, stream: false }
}

/** A call in the words of the chat API. Undefined fields are not sent. */
export function chatParameters(model: string, call: Call) {
  const { messages, temperature, topP, presencePenalty, stop, seed, schema, maxTokens } = call
  return {
    model,
    messages,
    temperature,
    top_p: topP,
    presence_penalty: presencePenalty,
    stop,
    seed,
    response_format: schema && responseFormat(schema),
    stream: false,
    max_tokens: maxTokens,
  }
}

/** A server that loads its model needs longer than a failing one; a prompt that is too long has a name of its own. */
function llamaQuirk(error: unknown): unknown {
  if (!(error instanceof HttpFailure)) return error
  const { status, message } = error
  if (status === 503 && error.retryAfterMs === undefined && /loading model/i.test(message)) {
    return new HttpFailure(error.reason, { retryable: true, status, retryAfterMs: 10_000, detail: 'loading model' })
  }
  if (status === 400 && /exceed_context_size|context_length_exceeded|exceeds the available context/i.test(message)) {
    return new CallFailure('prompt too long', { attempts: 1, status, message, cause: error })
  }
  return error
}
