import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describeUrl, parseEndpoint } from '../http/endpoint.js'
import { HttpFailure } from '../http/failure.js'
import { exchangeJson, type JsonAnswer } from '../http/json.js'
import { nextPage } from '../http/next-page.js'
import { retrying } from '../http/retry.js'
import { asDiskError, UsageError } from '../stream/errors.js'
import { modelsFolder } from './catalogue.js'
import { downloadFromHub, hubOf, type PullOptions } from './pull-hub.js'
import { sha256OfFile } from './sha256.js'

/** `hf:ORG/NAME`, and behind it other weights than `onnx/model.onnx`. */
const spec = /^hf:(\w[\w.-]*\/\w[\w.-]*?)(?:\/(onnx\/\w[\w.-]*\.onnx))?$/

/** The `dtype` of `onnx:FOLDER` for each file of weights that it can open. */
const dtypes: Readonly<Record<string, string>> = {
  'onnx/model.onnx': 'fp32',
  'onnx/model_fp16.onnx': 'fp16',
  'onnx/model_quantized.onnx': 'q8',
  'onnx/model_int8.onnx': 'int8',
  'onnx/model_uint8.onnx': 'uint8',
  'onnx/model_q4.onnx': 'q4',
}

/** What an encoder is run by, beside its weights, and what tells how its vectors are made; it may lack any but the first two. */
const files = [
  ...['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'],
  ...['modules.json', 'sentence_bert_config.json', '1_Pooling/config.json'],
]

/** A file of the repository: `sha256` of a large one, or `blob`, the hash that git knows it by. */
type Entry = { path: string; size: number; sha256: string | undefined; blob: string | undefined }

/**
 * Brings a sentence encoder in ONNX from the Hugging Face hub into a folder of the user's cache and resolves with its path, for
 * `onnx:FOLDER`. Every file is compared with the hash that the hub lists for it, and appears only whole; one that is there stays. Rejects
 * with a UsageError where the hub has no such model, or gives other bytes than it lists.
 */
export async function pullEncoder(name: string, options: PullOptions = {}): Promise<string> {
  const { log = () => {}, env = process.env, signal } = options
  const [, repository, weights = 'onnx/model.onnx'] = spec.exec(name) ?? []
  if (repository === undefined) {
    throw new UsageError(`Expected \`hf:ORG/NAME\` or \`hf:ORG/NAME/onnx/FILE.onnx\`, got \`${name}\``)
  }
  if (!Object.hasOwn(dtypes, weights)) {
    throw new UsageError(`No embedder opens weights called ${weights}`, {
      fix: `Name one of ${Object.keys(dtypes).join(', ')}, as far as the model has it.`,
    })
  }
  const listed = await entriesOf(repository, env, signal)
  const wanted = listed.filter(({ path }) => files.includes(path) || path === weights || isDataOf(path, weights))
  requireFiles(repository, listed, wanted, weights)
  const folder = join(modelsFolder(env), repository.replace('/', '--'))
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0)
  log(`Getting ${repository} from the Hugging Face hub, ${wanted.length} files, ${Math.ceil(bytes / 1e6)} MB.`)
  for (const entry of wanted) await bring(entry, repository, folder, options)
  if (dtypes[weights] !== 'fp32') log(`--embedder "onnx:${folder}?dtype=${dtypes[weights]}" runs by these weights.`)
  return folder
}

/** Weights too large for one file go on in others. */
function isDataOf(path: string, weights: string): boolean {
  return path.startsWith(`${weights}_data`) && /^onnx\/[\w.-]+$/.test(path)
}

/** Files and folders of a repository, beyond which it is none of a model. */
const mostEntries = 100_000

async function entriesOf(repository: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Entry[]> {
  const entries: Entry[] = []
  let listed = 0
  let url = parseEndpoint(`${hubOf(env)}/api/models/${repository}/tree/main?recursive=true`)
  for (;;) {
    const { json, headers } = await askForList(repository, url, signal)
    const page = Array.isArray(json) ? json : []
    listed += page.length
    entries.push(...page.flatMap(entryOf))
    const next = nextPage(url, headers)
    if (next === undefined) return entries
    if (next.search === url.search || listed > mostEntries) {
      throw new UsageError(`The hub's list of the files of ${repository} does not end`, { fix: 'Check HF_ENDPOINT.' })
    }
    url = next
  }
}

function askForList(repository: string, url: URL, signal: AbortSignal | undefined): Promise<JsonAnswer> {
  const ask = () => exchangeJson({ method: 'GET', url }, signal && { signal })
  return retrying(ask, { attempts: 4, signal }).catch((error) => {
    signal?.throwIfAborted()
    if (!(error instanceof HttpFailure)) throw error
    throw new UsageError(`${describeUrl(url)}: ${error.message}`, {
      cause: error,
      fix: `Check the name ${repository}: a private or gated model is to be brought by hf download. A mirror is set by HF_ENDPOINT.`,
    })
  })
}

/** What the hub lists as a file; nothing of a folder. */
function entryOf(listed: unknown): Entry[] {
  const { type, path, size, oid, lfs } = (listed ?? {}) as Record<string, unknown>
  const large = lfs as { oid?: unknown } | undefined
  if (type !== 'file' || typeof path !== 'string' || typeof size !== 'number' || size <= 0) return []
  const [sha256, blob] = [large?.oid, large === undefined ? oid : undefined].map((sum) =>
    typeof sum === 'string' ? sum : undefined,
  )
  return [{ path, size, sha256, blob }]
}

function requireFiles(repository: string, listed: readonly Entry[], wanted: readonly Entry[], weights: string): void {
  const missing = ['config.json', 'tokenizer.json', weights].find((file) => !wanted.some(({ path }) => path === file))
  if (missing === undefined) return
  const others = listed.map(({ path }) => path).filter((path) => Object.hasOwn(dtypes, path))
  throw new UsageError(`${repository} has no ${missing}`, {
    fix:
      others.length > 0
        ? `Its weights in ONNX are ${others.join(', ')}: name one behind hf:${repository}/.`
        : undefined,
  })
}

async function bring(entry: Entry, repository: string, folder: string, options: PullOptions): Promise<void> {
  const path = join(folder, entry.path)
  if (await isWhole(path, entry, options.signal)) return
  await mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw asDiskError(error, path)
  })
  const file = { file: basename(path), bytes: entry.size, hub: { repository, revision: 'main', file: entry.path } }
  const temporary = await downloadFromHub(file, dirname(path), options)
  if (!(await isWhole(temporary, entry, options.signal))) {
    await rm(temporary, { force: true })
    throw new UsageError(`${repository}: ${entry.path} is not the file that the hub lists`, {
      fix: 'Try again: the model may have changed in between. If it stays so, the mirror or the connection changes files.',
    })
  }
  await rename(temporary, path)
}

/** Whether a file is there as the hub lists it. */
async function isWhole(path: string, { size, sha256, blob }: Entry, signal?: AbortSignal): Promise<boolean> {
  if (sha256 !== undefined) return (await sha256OfFile(path, signal)) === sha256
  const bytes = await readFile(path).catch(() => undefined)
  if (bytes?.length !== size) return false
  return blob === undefined || createHash('sha1').update(`blob ${size}\0`).update(bytes).digest('hex') === blob
}
