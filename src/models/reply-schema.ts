import { HttpFailure } from '../http/failure.js'
import { UsageError } from '../stream/errors.js'

/** As much of JSON Schema as OpenAI, vLLM, llama.cpp's server and node-llama-cpp all hold a model to. */
export type JsonSchema =
  | { readonly type: 'string' }
  | { readonly type: 'string' | 'integer'; readonly enum: readonly (string | number)[] }
  | {
      readonly type: 'array'
      readonly items: JsonSchema
      readonly minItems: number
      readonly maxItems: number
    }
  | {
      readonly type: 'object'
      /** In the order in which they are to be written. */
      readonly properties: Readonly<Record<string, JsonSchema>>
      /** All of them, as OpenAI wants it. */
      readonly required: readonly string[]
      readonly additionalProperties: false
    }

/** The JSON that a reply is to be; `name` has letters, digits, `_` and `-`. */
export type ReplySchema = { readonly name: string; readonly schema: JsonSchema }

/** The schema in the words of the chat API. */
export function responseFormat({ name, schema }: ReplySchema) {
  return { type: 'json_schema' as const, json_schema: { name, strict: true, schema } }
}

/** What to throw where a server says that it cannot be asked for a schema, which is true of every row; else the same error. */
export function schemaRefusal(error: unknown, schema: ReplySchema | undefined): unknown {
  if (schema === undefined || !(error instanceof HttpFailure)) return error
  const isRefused = (error.status === 400 || error.status === 422) && speaksOfSchema.test(error.message)
  if (!isRefused) return error
  return new UsageError(`The endpoint takes no JSON schema for its replies: ${error.message}`, {
    cause: error,
    fix: 'Leave --structured out: replies are then read as they come.',
  })
}

/** The words of OpenAI, vLLM, llama.cpp's server, TGI and LM Studio; none that a row's own text is likely to bring there. */
const speaksOfSchema = /response_format|json_schema|structured output|grammar/i
