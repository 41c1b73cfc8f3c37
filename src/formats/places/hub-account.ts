import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { below, describeUrl, parseEndpoint } from '../../http/endpoint.js'
import type { HttpFailure } from '../../http/failure.js'
import { exchangeJson, type JsonAnswer } from '../../http/json.js'
import { retrying } from '../../http/retry.js'
import { EndpointError, UsageError } from '../../stream/errors.js'
import { asPlaceError, checkPath, type Fixes } from './remote.js'

/** `id` is owner/name, or the name alone of the few data sets without an owner. */
export type Repository = { id: string; revision: string; path: string }

/** What an `hf://datasets/` address says; of two names without a revision behind them the first is taken for the owner. */
export function parseHub(address: string): Repository {
  const match = /^hf:\/\/datasets\/([\w.-]+(?:\/[\w.-]+)?)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.*))?$/.exec(
    address,
  )
  const [, id = '', revision = 'main', path = ''] = match ?? []
  if (match === null || id.split('/').some((part) => /^\.+$/.test(part))) {
    throw new UsageError(`Expected an address such as hf://datasets/owner/name/data/*.parquet, got ${address}`, {
      fix: 'A revision stands after the name: hf://datasets/owner/name@revision/path.',
    })
  }
  const trimmed = path.replace(/\/+$/, '')
  checkPath(trimmed, 'input')
  checkPath(decode(revision), 'input')
  return { id, revision: decode(revision), path: trimmed }
}

function decode(revision: string): string {
  try {
    return decodeURIComponent(revision)
  } catch {
    return revision
  }
}

export const prefixOf = ({ id, revision }: Repository) => `hf://datasets/${id}@${revision}`
export const labelOf = ({ id }: Repository) => `/hf/${id}`
export const withPath = (prefix: string, path: string) => (path === '' ? prefix : `${prefix}/${path}`)
/** What errors call the path of a repository. */
export const nameOf = (repository: Repository) => withPath(prefixOf(repository), repository.path)
export const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

/** What is asked of the hub: where it is, who asks, and what for, as its errors say. */
export type Connection = { endpoint: URL; token: string; doing: 'read' | 'write'; signal?: AbortSignal | undefined }

/** The hub that the environment names, and who asks. */
export async function connect(doing: Connection['doing'] = 'read'): Promise<Connection> {
  const { env } = process
  return { endpoint: parseEndpoint(env.HF_ENDPOINT || 'https://huggingface.co'), token: await findToken(env), doing }
}

/** The token as the hub's own tools find it; empty where there is none, as public data sets need none. */
async function findToken(env: NodeJS.ProcessEnv): Promise<string> {
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN
  if (given) return given.trim()
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  return (await readFile(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').catch(() => '')).trim()
}

export const authorization = ({ token }: Connection): Record<string, string> =>
  token === '' ? {} : { authorization: `Bearer ${token}` }

export const secretsOf = ({ token }: Connection): readonly string[] => (token === '' ? [] : [token])

export const hubFix = {
  refused: 'Where it is private or gated, set HF_TOKEN to a token that may read it, and accept its terms on its page.',
  missing: 'Check owner, name, revision and path; a private data set looks missing to a token that may not read it.',
}

function fixOf({ endpoint, doing }: Connection): Fixes {
  if (doing === 'read') return hubFix
  return {
    refused: 'Set HF_TOKEN to a token that may write to this data set.',
    missing: `Make the data set first, at ${describeUrl(endpoint)}/new-dataset, and the branch, if it is not main; or check the address.`,
  }
}

export const commitHash = /^[0-9a-f]{40}$/

/** The commit that a revision stands at. */
export async function pin(connection: Connection, repository: Repository): Promise<string> {
  const { id, revision } = repository
  if (commitHash.test(revision)) return revision
  const url = below(connection.endpoint, `api/datasets/${id}/revision/${encodeURIComponent(revision)}`)
  const { json } = await askHub(connection, url, prefixOf(repository))
  const sha = (json as { sha?: unknown } | null)?.sha
  if (typeof sha === 'string' && commitHash.test(sha)) return sha
  throw new EndpointError(`The hub names no commit for ${prefixOf(repository)}`, { fix: 'Check HF_ENDPOINT.' })
}

/**
 * The repository at its commit. Of `hf://datasets/squad/plain_text/…` only the hub knows that `squad` is the data set: it is
 * asked for where there is no squad/plain_text.
 */
export async function pinned(connection: Connection, asked: Repository): Promise<Repository> {
  try {
    return { ...asked, revision: await pin(connection, asked) }
  } catch (error) {
    const [owner = '', name] = asked.id.split('/')
    const status = ((error as Error).cause as HttpFailure | undefined)?.status
    // Who may not see a data set is told 401, whether it is there or not.
    if (name === undefined || asked.revision !== 'main' || (status !== 404 && status !== 401)) throw error
    const bare = { ...asked, id: owner, path: withPath(name, asked.path).replace(/\/$/, '') }
    const revision = await pin(connection, bare).catch(() => Promise.reject(error))
    return { ...bare, revision }
  }
}

/** Gets JSON of the hub, with retries; its failures as errors that say who can act. */
export function askHub(connection: Connection, url: URL, name: string): Promise<JsonAnswer> {
  return insist(connection, name, () => askOnce(connection, url))
}

export type Post = { body: string; type: string; accept?: string }

/** One exchange of JSON with the hub, by its token; posts where there is something to post. Rejects with an HttpFailure. */
export function askOnce(connection: Connection, url: URL, post?: Post): Promise<JsonAnswer> {
  const { body, type = '', accept } = post ?? {}
  return exchangeJson(
    { url, ...(post && { method: 'POST', body }) },
    {
      headers: { ...authorization(connection), ...(post && { 'content-type': type }), ...(accept && { accept }) },
      secrets: secretsOf(connection),
      maxBytes: 50_000_000,
      ...(post && { timeouts: { firstByteMs: 300_000 } }),
      ...(connection.signal && { signal: connection.signal }),
    },
  )
}

/** Does something with the hub up to six times; `fix` says what mends a refusal, default what mends one of the hub itself. */
export async function insist<T>(
  connection: Connection,
  name: string,
  work: () => Promise<T>,
  fix = fixOf(connection),
): Promise<T> {
  try {
    const { signal } = connection
    return await retrying(work, { attempts: 6, ...(signal && { signal }) })
  } catch (error) {
    throw asPlaceError(error, { name, fix }, connection.doing)
  }
}
