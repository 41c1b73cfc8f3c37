import { createHash } from 'node:crypto'
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
import { commitFiles, type Uploaded, writeUrl } from './hub-commit.js'
import { uploadToLfs } from './hub-lfs.js'
import type { Output } from './place.js'
import { openSpool, type Spool } from './spool.js'

/** What the hub takes into git itself, of one commit; anything larger must be a large file. */
export const largestInGit = 10 << 20

/**
 * A file of a data set of the hub, written as one commit on a branch. The hub wants size and hash before the bytes, so they
 * wait in a temporary file; on `commit` they are uploaded, and the file appears with the commit.
 */
export async function createOnHub(path: string, signal?: AbortSignal): Promise<Output> {
  if (parseHub(path).path === '' || path.endsWith('/')) throw noFile(path)
  const { connection, repository } = await connectToWrite(path, signal)
  const spool = await openSpool()
  const cut = repository.path.lastIndexOf('/')
  const folder = { ...repository, path: repository.path.slice(0, Math.max(0, cut)) }
  return {
    get bytes() {
      return spool.bytes
    },
    closed: false,
    write: spool.write,
    async commit() {
      const uploaded = [await upload(connection, repository, spool, largestInGit)]
      const summary = `Write ${repository.path} with sluice`
      await commitFiles(connection, folder, { names: [repository.path.slice(cut + 1)], uploaded, summary })
      await spool.close()
    },
    abort: spool.close,
  }
}

/** The branch that an address names, and who writes to it. Asked before any work: one that is not there should not cost a conversion. */
export async function connectToWrite(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ connection: Connection; repository: Repository; head: string }> {
  const repository = parseHub(path)
  if (commitHash.test(repository.revision)) throw noFile(path)
  const connection = { ...(await connect('write')), signal }
  if (connection.token === '') {
    throw new UsageError(`Writing ${path} needs a token of the hub, and there is none`, {
      fix: 'Set HF_TOKEN to a token that may write to this data set.',
    })
  }
  return { connection, repository, head: await pin(connection, repository) }
}

function noFile(path: string): UsageError {
  return new UsageError(`Expected a file on a branch to write, got ${path}`, {
    fix: 'Write to an address such as hf://datasets/owner/name/data/train.parquet.',
  })
}

/** Sends a file's bytes to where the hub wants them; at most `gitRoom` of them go with the commit itself. */
export async function upload(
  connection: Connection,
  repository: Repository,
  spool: Spool,
  gitRoom: number,
): Promise<Uploaded> {
  if ((await modeOf(connection, repository, spool)) === 'regular' && spool.bytes <= gitRoom) {
    const content = await gather(spool, spool.bytes)
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
    return { key: 'file', value: { encoding: 'base64', content: content.toString('base64') }, oid }
  }
  await uploadToLfs(connection, repository, spool)
  const oid = spool.sha256()
  return { key: 'lfsFile', value: { algo: 'sha256', oid, size: spool.bytes }, oid }
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
    askOnce(connection, writeUrl(connection, repository, 'preupload'), { body, type: 'application/json' }),
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
