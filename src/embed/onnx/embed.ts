import { CorruptInputError, UsageError } from '../../stream/errors.js'
import { columnTexts } from '../../text/column.js'
import type { Embedder } from '../types.js'
import { hashModel, type ModelSettings, type Pooling, readSettings } from './folder.js'
import { type Library, loadLibrary, type OnnxModel, type Tensor, type Tokenizer } from './library.js'
import { cuttingTokenizer } from './tokens.js'

export type OnnxEmbedderOptions = {
  /** Threads of a model's run; default as many as the machine has cores. */
  readonly threads?: number | undefined
  readonly load?: () => Promise<unknown>
}

/** Of a tokenizer that does not say how many it takes. */
const usualTokens = 512

/**
 * A sentence encoder in ONNX, run on this machine's processor by onnxruntime. `spec` is a folder in the layout of the
 * Hugging Face hub with settings after a `?`, see `readSettings`. Each text is run alone: beside others it would be padded, and
 * weights of eight bits rounded by their numbers, so that its vector depended on its neighbours. Throws a UsageError where
 * there is no such model, or where the optional package is missing; a CorruptInputError for one that cannot be read.
 */
export async function onnxEmbedder(spec: string, { threads, load }: OnnxEmbedderOptions = {}): Promise<Embedder> {
  const settings = await readSettings(spec)
  const library = await loadLibrary(load)
  const { tokenizer, model } = await openModel(library, settings, threads)
  const { pooling, prefix, tokens } = settings
  const own = tokenizer.model_max_length ?? usualTokens
  // Tokenizers without a bound say 1e30.
  const inputsOf = cuttingTokenizer(library, tokenizer, tokens ?? (own < 1e6 ? own : usualTokens))
  const embedOne = async (text: string) => unit(pooled(await model(inputsOf(prefix + text)), pooling))
  const { length: dimensions } = await embedOne('')
  return {
    id: `onnx:${await hashModel(settings)}`,
    dimensions,
    async embed(given, { signal } = {}) {
      const texts = 'offsets' in given ? columnTexts(given) : given
      const all = new Float32Array(texts.length * dimensions)
      for (const [n, text] of texts.entries()) {
        signal?.throwIfAborted()
        all.set(await embedOne(text), n * dimensions)
      }
      return all
    },
    close: async () => void (await model.dispose()),
  }
}

async function openModel(
  library: Library,
  { folder, dtype }: ModelSettings,
  threads: number | undefined,
): Promise<{ tokenizer: Tokenizer; model: OnnxModel }> {
  try {
    const tokenizer = await library.AutoTokenizer.from_pretrained(folder, { local_files_only: true })
    const session_options = { interOpNumThreads: 1, ...(threads !== undefined && { intraOpNumThreads: threads }) }
    const model = await library.AutoModel.from_pretrained(folder, {
      local_files_only: true,
      dtype,
      device: 'cpu',
      session_options,
    })
    return { tokenizer, model }
  } catch (cause) {
    throw new CorruptInputError(`Cannot read the ONNX model at ${folder}: ${(cause as Error).message}`, {
      cause,
      fix: 'Download it again; its type must be one that transformers.js knows.',
    })
  }
}

/** The vector of the one text that a model was given. */
function pooled(outputs: Record<string, Tensor>, pooling: Pooling): Float32Array {
  const whole = outputs.sentence_embedding
  if (whole !== undefined) return whole.data as Float32Array
  const states = outputs.last_hidden_state ?? outputs.token_embeddings
  if (states?.dims.length !== 3) {
    throw new UsageError(`The model has no vectors of tokens or sentences, but ${Object.keys(outputs).join(', ')}`, {
      fix: 'Name a sentence encoder, exported for feature extraction.',
    })
  }
  const [, tokens = 0, dimensions = 0] = states.dims
  const data = states.data as Float32Array
  if (pooling !== 'mean') {
    const token = pooling === 'cls' ? 0 : tokens - 1
    return data.subarray(token * dimensions, (token + 1) * dimensions)
  }
  const sums = new Float64Array(dimensions)
  for (let at = 0; at < data.length; at++) sums[at % dimensions]! += data[at]!
  return Float32Array.from(sums, (sum) => sum / tokens)
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  if (!Number.isFinite(squares)) {
    throw new UsageError('The ONNX model gives a vector that is not of numbers', {
      fix: 'Use its weights of single precision: ?dtype=fp32.',
    })
  }
  return squares === 0 ? vector : vector.map((value) => value / Math.sqrt(squares))
}
