import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { asDiskError, UsageError } from '../../stream/errors.js'

/** How a text's vector is made of those of its tokens: their mean, the first one's or the last one's. */
export type Pooling = 'mean' | 'cls' | 'last'

export type ModelSettings = {
  /** Absolute. */
  readonly folder: string
  /** Which of the folder's weights, as transformers.js calls them. */
  readonly dtype: string
  readonly pooling: Pooling
  /** What is put before each text, such as `query: `. */
  readonly prefix: string
  /** Most tokens of a text, where that is said; else the tokenizer's own. */
  readonly tokens: number | undefined
}

/** What the file of each kind of weights is called after `model`. */
const suffixes: Readonly<Record<string, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
}

const poolings: readonly Pooling[] = ['mean', 'cls', 'last']

/**
 * Reads `FOLDER?dtype=q8&pooling=cls&prefix=query: &tokens=256`, what is left out being what the model's own files say: mean
 * pooling of `fp32` weights where they do not. Throws a UsageError for a folder without a model or a setting that is none.
 */
export async function readSettings(spec: string): Promise<ModelSettings> {
  const [path = '', query = ''] = splitAt(spec, '?')
  const given = new URLSearchParams(query)
  for (const name of given.keys()) {
    if (['dtype', 'pooling', 'prefix', 'tokens'].includes(name)) continue
    throw new UsageError(`Expected dtype, pooling, prefix or tokens of an ONNX model, got \`${name}\``)
  }
  const folder = resolve(path)
  const dtype = oneOf(given.get('dtype') ?? 'fp32', Object.keys(suffixes), 'dtype')
  await requireFiles(folder, dtype)
  const pooling = given.get('pooling') ?? (await ownPooling(folder))
  return {
    folder,
    dtype,
    pooling: oneOf(pooling, poolings, 'pooling') as Pooling,
    prefix: given.get('prefix') ?? '',
    tokens: countOf(given.get('tokens')) ?? (await readJson(folder, 'sentence_bert_config.json'))?.max_seq_length,
  }
}

/** A hash of all that decides the vectors: the weights, the tokenizer, and the settings. */
export async function hashModel({ folder, dtype, pooling, prefix, tokens }: ModelSettings): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ dtype, pooling, prefix, tokens }))
  const weights = (await readdir(join(folder, 'onnx'))).filter((name) => isOf(name, dtype)).sort()
  const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', ...weights.map((name) => join('onnx', name))]
  for (const file of files) {
    hash.update(`\0${file}\0`)
    try {
      for await (const block of createReadStream(join(folder, file))) hash.update(block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asDiskError(error, join(folder, file))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

/** Large weights lie in further files beside the graph. */
function isOf(name: string, dtype: string): boolean {
  return name === weightsFile(dtype) || name.startsWith(`${weightsFile(dtype)}_data`)
}

function weightsFile(dtype: string): string {
  return `model${suffixes[dtype]}.onnx`
}

async function requireFiles(folder: string, dtype: string): Promise<void> {
  for (const file of ['config.json', 'tokenizer.json', join('onnx', weightsFile(dtype))]) {
    const found = await stat(join(folder, file)).catch(() => undefined)
    if (found?.isFile()) continue
    throw new UsageError(`There is no ONNX model at ${folder}: ${file} is missing.`, {
      fix:
        'Name a folder that is laid out as on the Hugging Face hub: hf download ORG/NAME --local-dir FOLDER.' +
        (file.endsWith('.onnx')
          ? ` Its weights may be there as another \`?dtype=\`: ${Object.keys(suffixes).join(', ')}.`
          : ''),
    })
  }
}

/** What sentence-transformers notes beside a model. Throws a UsageError where vectors are made in a way that is not ours. */
async function ownPooling(folder: string): Promise<string> {
  const modules = (await readJson(folder, 'modules.json')) as readonly { type?: string }[] | undefined
  for (const { type = '' } of modules ?? []) {
    if (/\.(?:Transformer|Pooling|Normalize)$/.test(type)) continue
    throw new UsageError(
      `The model at ${folder} has a layer ${type} after its ONNX graph, which sluice does not know`,
      {
        fix: 'Serve it (text-embeddings-inference, vLLM) and use --embedder openai:NAME.',
      },
    )
  }
  const noted = await readJson(folder, join('1_Pooling', 'config.json'))
  if (noted === undefined || noted.pooling_mode_mean_tokens === true) return 'mean'
  if (noted.pooling_mode_cls_token === true) return 'cls'
  if (noted.pooling_mode_lasttoken === true) return 'last'
  throw new UsageError(`The model at ${folder} pools its tokens in a way that sluice does not know`, {
    fix: 'If one of its own serves as well, say so: ?pooling=mean, cls or last.',
  })
}

async function readJson(folder: string, file: string) {
  try {
    return JSON.parse(await readFile(join(folder, file), 'utf8'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`Cannot read ${join(folder, file)}: ${(cause as Error).message}`, { cause })
  }
}

function countOf(given: string | null): number | undefined {
  if (given === null) return undefined
  const count = Number(given)
  if (Number.isInteger(count) && count >= 8) return count
  throw new UsageError(`Expected \`tokens\` of an ONNX model to be an integer from 8 up, got \`${given}\``)
}

function oneOf(value: string, known: readonly string[], what: string): string {
  if (known.includes(value)) return value
  throw new UsageError(`Expected the ${what} of an ONNX model to be one of ${known.join(', ')}, got \`${value}\``)
}

function splitAt(text: string, mark: string): string[] {
  const at = text.indexOf(mark)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
