import { below } from '../../http/endpoint.js'
import { UsageError } from '../../stream/errors.js'
import { globMatcher, isGlob, staticFolder } from './glob.js'
import {
  authorization,
  type Connection,
  connect,
  encodePath,
  hubFix,
  labelOf,
  parseHub,
  pinned,
  prefixOf,
  type Repository,
  secretsOf,
  withPath,
} from './hub-account.js'
import { createHubFolder } from './hub-folder.js'
import { type Entry, tree } from './hub-tree.js'
import { createOnHub } from './hub-write.js'
import type { Listing, Place, PlacedFile } from './place.js'
import { openRemote, type Remote, streamRemote } from './remote.js'

/**
 * Data sets of the Hugging Face hub, or of the server that HF_ENDPOINT names: `hf://datasets/[<owner>/]<name>[@revision]/<path>`.
 * A branch is turned into the commit it stands at when it is listed, so a run never mixes two states of it.
 */
export const hub: Place = {
  async list(input) {
    const connection = await connect()
    const repository = await pinned(connection, parseHub(input))
    const { path } = repository
    const files = await filesUnder(connection, repository)
    const { kind } = files
    const folder = kind === 'folder' ? path : staticFolder(path)
    return {
      kind,
      path: withPath(prefixOf(repository), path),
      label: withPath(labelOf(repository), path),
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
  create: createOnHub,
  createFolder: createHubFolder,
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

const placed = (repository: Repository, { path, size, oid }: Entry): PlacedFile => ({
  path,
  label: `${labelOf(repository)}/${path}`,
  bytes: size,
  // The hub tells when a file was last committed only at a great cost; its hash says more.
  modifiedMs: 0,
  ...(oid !== undefined && { etag: oid }),
})

async function remoteAt(path: string): Promise<Remote> {
  const connection = await connect()
  const repository = await pinned(connection, parseHub(path))
  const { id, revision } = repository
  return {
    url: below(connection.endpoint, `datasets/${id}/resolve/${revision}/${encodePath(repository.path)}`),
    name: `${prefixOf(repository)}/${repository.path}`,
    hostHeaders: () => authorization(connection),
    secrets: secretsOf(connection),
    fix: hubFix,
  }
}
