import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import { endpointEmbedder } from './endpoint.js'
import { onnxEmbedder } from './onnx/embed.js'
import { staticEmbedder } from './static/embed.js'
import type { Embedder } from './types.js'

export type OpenEmbedderOptions = {
  /** Most pieces of a text that the static embedder counts; default 512. */
  maxPieces?: number
  /** The base address of an OpenAI-compatible server, such as `http://localhost:8080/v1`; `openai:` needs it. */
  endpoint?: string
  /** The key that the endpoint asks for, if it does. */
  apiKey?: string
  /** Most texts in one request to an endpoint; its own default otherwise. */
  batchRows?: number
  /** Requests to an endpoint in flight at once; default 8. */
  concurrency?: number
  /** Most requests to an endpoint in a minute; default no limit. */
  requestsPerMinute?: number
  /** Threads of an ONNX model; default as many as the machine has cores. */
  threads?: number
  /** Lets the key and the texts go over plain http to a host other than this machine; default false. */
  allowHttp?: boolean
}

type Opener = (name: string, options: OpenEmbedderOptions) => Promise<Embedder>

/** One line for each kind of embedder; what follows the colon of a spec is its `name`. */
const embedders: Readonly<Record<string, Opener>> = {
  static: (name, { maxPieces }) => {
    if (name !== '') throw new UsageError(`Expected the embedder \`static\` alone, got \`static:${name}\``)
    return staticEmbedder({ maxPieces })
  },
  openai: async (name, { endpoint, maxPieces: _, threads: __, ...options }) => {
    if (name === '') {
      throw new UsageError('Expected `openai:NAME` with the name of an embedding model, got `openai`')
    }
    if (endpoint === undefined) {
      throw new UsageError(`The embedder \`openai:${name}\` needs the address of its server`, {
        fix: 'Name its base address, up to and with /v1: --embedder-endpoint, or `endpoint` in code.',
      })
    }
    return endpointEmbedder({ endpoint, model: name, ...options })
  },
  onnx: (name, { threads }) => {
    if (name === '') throw new UsageError('Expected `onnx:FOLDER` with the folder of an ONNX model, got `onnx`')
    return onnxEmbedder(name, { threads })
  },
}

/**
 * Opens the embedder that a spec names: `static`, the bundled one and the default; `openai:NAME`, a model behind an
 * OpenAI-compatible `/v1/embeddings`; or `onnx:FOLDER`, a sentence encoder on this machine. Throws a UsageError where the
 * spec names none.
 */
export async function openEmbedder(spec = 'static', options: OpenEmbedderOptions = {}): Promise<Embedder> {
  const [kind = '', ...rest] = spec.split(':')
  const open = Object.hasOwn(embedders, kind) ? embedders[kind] : undefined
  if (open === undefined) {
    const near = suggest(kind, Object.keys(embedders))
    throw new UsageError(`Expected an embedder (static, openai:NAME or onnx:FOLDER), got \`${spec}\``, {
      fix: near === undefined ? 'Use `static`, which needs nothing else.' : `Did you mean \`${near}\`?`,
    })
  }
  return open(rest.join(':'), options)
}
