import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { below, parseEndpoint } from '../../http/endpoint.js'
import { exchangeJson, type JsonAnswer } from '../../http/json.js'
import { retrying } from '../../http/retry.js'
import { EndpointError, UsageError } from '../../stream/errors.js'
import { globMatcher, isGlob, staticFolder } from './glob.js'
import type { Listing, Place, PlacedFile } from './place.js'
import { asPlaceError, checkPath, openRemote, type Remote, streamRemote } from './remote.js'

/**
 * Data sets of the Hugging Face hub, or of the server that HF_ENDPOINT names: `hf://datasets/<owner>/<name>[@revision]/<path>`.
 * A branch is turned into the commit it stands at when it is listed, so a run never mixes two states of it.
 */
export const hub: Place = {
  async list(input) {
    const asked = parse(input)
    const connection = await connect()
    const repository = { ...asked, revision: await pin(connection, asked) }
    const files = await filesUnder(connection, repository)
    const { kind } = files
    const folder = kind === 'folder' ? asked.path : staticFolder(asked.path)
    return {
      kind,
      path: withPath(prefixOf(repository), asked.path),
      label: withPath(labelOf(repository), asked.path),
      root: withPath(labelOf(repository), folder),
      files: files.found
        .map((file) => ({ ...file, path: `${prefixOf(repository)}/${file.path}` }))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    }
  },
  open: async (path, signal) => openRemote(await remoteAt(path), signal),
  async *stream(path, options) {
    yield* streamRemote(await remoteAt(path), options?.signal)
  },
}

type Repository = { owner: string; name: string; revision: string; path: string }

function parse(address: string): Repository {
  const match = /^hf:\/\/datasets\/([\w.-]+)\/([\w.-]+)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.*))?$/.exec(
    address,
  )
  const [, owner = '', name = '', revision = 'main', path = ''] = match ?? []
  if (match === null || [owner, name].some((part) => /^\.+$/.test(part))) {
    throw new UsageError(`Expected an address such as hf://datasets/owner/name/data/*.parquet, got ${address}`, {
      fix: 'A revision stands after the name: hf://datasets/owner/name@revision/path.',
    })
  }
  const trimmed = path.replace(/\/+$/, '')
  checkPath(trimmed, 'input')
  checkPath(decode(revision), 'input')
  return { owner, name, revision: decode(revision), path: trimmed }
}

function decode(revision: string): string {
  try {
    return decodeURIComponent(revision)
  } catch {
    return revision
  }
}

const prefixOf = ({ owner, name, revision }: Repository) => `hf://datasets/${owner}/${name}@${revision}`
const labelOf = ({ owner, name }: Repository) => `/hf/${owner}/${name}`
const withPath = (prefix: string, path: string) => (path === '' ? prefix : `${prefix}/${path}`)
const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

type Connection = { endpoint: URL; token: string }

async function connect(): Promise<Connection> {
  const { env } = process
  return { endpoint: parseEndpoint(env.HF_ENDPOINT || 'https://huggingface.co'), token: await findToken(env) }
}

/** The token as the hub's own tools find it; empty where there is none, as public data sets need none. */
async function findToken(env: NodeJS.ProcessEnv): Promise<string> {
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN
  if (given) return given.trim()
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  return (await readFile(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').catch(() => '')).trim()
}

const authorization = ({ token }: Connection): Record<string, string> =>
  token === '' ? {} : { authorization: `Bearer ${token}` }

const fix = {
  refused: 'Where it is private or gated, set HF_TOKEN to a token that may read it, and accept its terms on its page.',
  missing: 'Check owner, name, revision and path; a private data set looks missing to a token that may not read it.',
}

const commit = /^[0-9a-f]{40}$/

/** The commit that a revision stands at. */
async function pin(connection: Connection, repository: Repository): Promise<string> {
  const { owner, name, revision } = repository
  if (commit.test(revision)) return revision
  const url = below(connection.endpoint, `api/datasets/${owner}/${name}/revision/${encodeURIComponent(revision)}`)
  const { json } = await askHub(connection, url, prefixOf(repository))
  const sha = (json as { sha?: unknown } | null)?.sha
  if (typeof sha === 'string' && commit.test(sha)) return sha
  throw new EndpointError(`The hub names no commit for ${prefixOf(repository)}`, { fix: 'Check HF_ENDPOINT.' })
}

async function askHub(connection: Connection, url: URL, name: string): Promise<JsonAnswer> {
  const { token } = connection
  const request = () =>
    exchangeJson(
      { url },
      { headers: authorization(connection), secrets: token === '' ? [] : [token], maxBytes: 50_000_000 },
    )
  try {
    return await retrying(request, { attempts: 6 })
  } catch (error) {
    throw asPlaceError(error, { name, fix })
  }
}

type Found = { kind: Listing['kind']; found: PlacedFile[] }

/** What the path is, a file, a folder or a pattern, and the files it stands for; their paths are within the repository. */
async function filesUnder(connection: Connection, repository: Repository): Promise<Found> {
  const { path } = repository
  if (path !== '' && !isGlob(path)) {
    const beside = await tree(connection, repository, path.slice(0, Math.max(0, path.lastIndexOf('/'))), false)
    const itself = beside.find((entry) => entry.path === path)
    if (itself === undefined) throw nothingAt(repository)
    if (itself.type === 'file') return { kind: 'file', found: [placed(repository, itself)] }
  }
  const entries = await tree(connection, repository, isGlob(path) ? staticFolder(path) : path, true)
  const matches = globMatcher(path === '' ? '**' : isGlob(path) ? path : `${path}/**`)
  const found = entries.filter((entry) => entry.type === 'file' && (entry.path === path || matches(entry.path)))
  if (found.length === 0) throw nothingAt(repository)
  return { kind: isGlob(path) ? 'glob' : 'folder', found: found.map((entry) => placed(repository, entry)) }
}

function nothingAt(repository: Repository): UsageError {
  const { path } = repository
  const where = prefixOf(repository)
  return new UsageError(
    isGlob(path) ? `No file matches ${path} in ${where}` : `No such file or folder: ${where}/${path}`,
    {
      fix: 'Check the path; quote a pattern so that the shell leaves it alone.',
    },
  )
}

type Entry = { type: string; path: string; size: number; oid?: string }

const placed = (repository: Repository, { path, size, oid }: Entry): PlacedFile => ({
  path,
  label: `${labelOf(repository)}/${path}`,
  bytes: size,
  // The hub tells when a file was last committed only at a great cost; its hash says more.
  modifiedMs: 0,
  ...(oid !== undefined && { etag: oid }),
})

const mostEntries = 1_000_000

/** The entries below a folder, page by page. */
async function tree(connection: Connection, repository: Repository, folder: string, deep: boolean): Promise<Entry[]> {
  const { owner, name, revision } = repository
  const url = below(connection.endpoint, withPath(`api/datasets/${owner}/${name}/tree/${revision}`, encodePath(folder)))
  url.searchParams.set('recursive', String(deep))
  const entries: Entry[] = []
  for (;;) {
    const { json, headers } = await askHub(connection, url, withPath(prefixOf(repository), folder))
    for (const entry of readEntries(json)) entries.push(entry)
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.link ?? '')?.[1]
    if (next === undefined) return entries
    // Only its query is taken: a mirror may name the hub it mirrors, and the token goes to no other host.
    const { search } = new URL(next, url)
    if (search === url.search || entries.length > mostEntries) {
      throw new EndpointError(`The hub's listing of ${prefixOf(repository)} does not end`, {
        fix: 'Name a folder or a pattern with a folder in front.',
      })
    }
    url.search = search
  }
}

function readEntries(json: unknown): Entry[] {
  const wrong = () =>
    new EndpointError('The hub answered with something else than a listing', { fix: 'Check HF_ENDPOINT.' })
  if (!Array.isArray(json)) throw wrong()
  return json.map((each) => {
    const { type, path, size = 0, oid, lfs } = (each ?? {}) as Record<string, unknown>
    if (typeof type !== 'string' || typeof path !== 'string' || typeof size !== 'number') throw wrong()
    checkPath(path, 'listing')
    const hash = (lfs as { oid?: unknown } | undefined)?.oid ?? oid
    return { type, path, size, ...(typeof hash === 'string' && { oid: hash }) }
  })
}

async function remoteAt(path: string): Promise<Remote> {
  const connection = await connect()
  const asked = parse(path)
  const repository = { ...asked, revision: await pin(connection, asked) }
  const { owner, name, revision } = repository
  return {
    url: below(connection.endpoint, `datasets/${owner}/${name}/resolve/${revision}/${encodePath(asked.path)}`),
    name: `${prefixOf(repository)}/${asked.path}`,
    hostHeaders: () => authorization(connection),
    secrets: connection.token === '' ? [] : [connection.token],
    fix,
  }
}
