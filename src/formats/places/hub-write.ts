import { createHash } from 'node:crypto'
import { below } from '../../http/endpoint.js'
import { HttpFailure } from '../../http/failure.js'
import { EndpointError, UsageError } from '../../stream/errors.js'
import {
  askOnce,
  type Connection,
  commitHash,
  connect,
  insist,
  nameOf,
  parseHub,
  pin,
  prefixOf,
  type Repository,
} from './hub-account.js'
import { uploadToLfs } from './hub-lfs.js'
import { type Entry, tree } from './hub-tree.js'
import type { Output } from './place.js'
import { openSpool, type Spool } from './spool.js'

/** What the hub takes into git itself; anything larger must be a large file. */
const largestInGit = 10 << 20
/** Most entries of one folder, https://huggingface.co/docs/hub/storage-limits. */
const mostInFolder = 10_000

/**
 * A file of a data set of the hub, written as one commit on a branch. The hub wants size and hash before the bytes, so they
 * wait in a temporary file; on `commit` they are uploaded, and the file appears with the commit.
 */
export async function createOnHub(path: string): Promise<Output> {
  const repository = parseHub(path)
  if (repository.path === '' || path.endsWith('/') || commitHash.test(repository.revision)) {
    throw new UsageError(`Expected a file on a branch to write, got ${path}`, {
      fix: 'Write to an address such as hf://datasets/owner/name/data/train.parquet.',
    })
  }
  const connection = await connect('write')
  if (connection.token === '') {
    throw new UsageError(`Writing ${path} needs a token of the hub, and there is none`, {
      fix: 'Set HF_TOKEN to a token that may write to this data set.',
    })
  }
  // Asked before any work: a data set or branch that is not there should not cost a conversion.
  await pin(connection, repository)
  const spool = await openSpool()
  return {
    get bytes() {
      return spool.bytes
    },
    closed: false,
    write: spool.write,
    async commit() {
      const line = await upload(connection, repository, spool)
      await commit(connection, repository, line)
      await spool.close()
    },
    abort: spool.close,
  }
}

/** A file's line in a commit, and the hash that a listing shows of it afterwards. */
type Line = { key: 'file' | 'lfsFile'; value: Record<string, unknown>; oid: string }

async function upload(connection: Connection, repository: Repository, spool: Spool): Promise<Line> {
  const { path } = repository
  if ((await modeOf(connection, repository, spool)) === 'regular' && spool.bytes <= largestInGit) {
    const content = await gather(spool, spool.bytes)
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
    return { key: 'file', value: { path, encoding: 'base64', content: content.toString('base64') }, oid }
  }
  await uploadToLfs(connection, repository, spool)
  const oid = spool.sha256()
  return { key: 'lfsFile', value: { path, algo: 'sha256', oid, size: spool.bytes }, oid }
}

async function gather(spool: Spool, end: number): Promise<Buffer> {
  const blocks: Uint8Array[] = []
  for await (const block of spool.stream(0, end)) blocks.push(block)
  return Buffer.concat(blocks)
}

/** Whether the hub will have a file in git or in its large file storage. */
async function modeOf(connection: Connection, repository: Repository, spool: Spool): Promise<'regular' | 'lfs'> {
  // git LFS knows no empty objects.
  if (spool.bytes === 0) return 'regular'
  const { path } = repository
  const sample = (await gather(spool, Math.min(512, spool.bytes))).toString('base64')
  const body = JSON.stringify({ files: [{ path, sample, size: spool.bytes }] })
  const { json } = await insist(connection, nameOf(repository), () =>
    askOnce(connection, urlOf(connection, repository, 'preupload'), { body, type: 'application/json' }),
  )
  const { files } = (json ?? {}) as { files?: unknown }
  const told = Array.isArray(files) ? files.find((file) => file?.path === path) : undefined
  if (told?.shouldIgnore === true) {
    throw new UsageError(`The .gitignore of ${prefixOf(repository)} leaves out ${path}`, {
      fix: 'Choose another name.',
    })
  }
  if (told?.uploadMode === 'regular' || told?.uploadMode === 'lfs') return told.uploadMode
  throw new EndpointError(`The hub does not say how to upload ${nameOf(repository)}`, { fix: 'Check HF_ENDPOINT.' })
}

function urlOf(connection: Connection, { owner, name, revision }: Repository, verb: 'preupload' | 'commit'): URL {
  return below(connection.endpoint, `api/datasets/${owner}/${name}/${verb}/${encodeURIComponent(revision)}`)
}

/**
 * Commits on top of the branch as it stands. Where an answer is lost or the branch moved on meanwhile, the branch is looked
 * at again first, so that no attempt can make a second commit.
 */
async function commit(connection: Connection, repository: Repository, { key, value, oid }: Line): Promise<void> {
  await insist(connection, nameOf(repository), async () => {
    const parentCommit = await pin(connection, repository)
    if (await holds(connection, { ...repository, revision: parentCommit }, oid)) return
    const header = { key: 'header', value: { summary: `Write ${repository.path} with sluice`, parentCommit } }
    const body = `${JSON.stringify(header)}\n${JSON.stringify({ key, value })}\n`
    const post = { body, type: 'application/x-ndjson' }
    const { json } = await askOnce(connection, urlOf(connection, repository, 'commit'), post).catch(asConflict)
    if (typeof (json as { commitOid?: unknown } | null)?.commitOid === 'string') return
    throw new HttpFailure('answer names no commit', { retryable: true })
  })
}

/** A branch that moved on is a reason to look again; the status alone does not say so. */
function asConflict(error: unknown): never {
  if (!(error instanceof HttpFailure) || error.status !== 412) throw error
  throw new HttpFailure('others keep committing to this branch', { retryable: true, status: 412, cause: error })
}

/** Whether a commit has the file with this content. Throws a UsageError where its folder has no room for it. */
async function holds(connection: Connection, repository: Repository, oid: string): Promise<boolean> {
  const { path } = repository
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  const beside = await tree(connection, repository, folder, false).catch((error): Entry[] => {
    if (error?.cause instanceof HttpFailure && error.cause.status === 404) return []
    throw error
  })
  const known = beside.find((entry) => entry.path === path)
  if (known === undefined && beside.length >= mostInFolder) {
    throw new UsageError(`The folder ${folder} of ${prefixOf(repository)} holds ${beside.length} entries`, {
      fix: `The hub takes ${mostInFolder} a folder: choose another one.`,
    })
  }
  return known?.oid === oid
}
