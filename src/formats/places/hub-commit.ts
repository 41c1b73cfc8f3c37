import { below } from '../../http/endpoint.js'
import { HttpFailure } from '../../http/failure.js'
import { UsageError } from '../../stream/errors.js'
import { askOnce, type Connection, insist, nameOf, pin, prefixOf, type Repository } from './hub-account.js'
import { type Entry, tree } from './hub-tree.js'

/** Most entries of a folder and most files of a data set, https://huggingface.co/docs/hub/storage-limits. */
export const quotas = { folder: 10_000, repository: 100_000 }

/** What a commit says of a file that was uploaded, but for its path, and the hash that a listing shows of it afterwards. */
export type Uploaded = { key: 'file' | 'lfsFile'; value: Record<string, unknown>; oid: string }

/** Files of one folder to commit, by their names in it. */
export type NewFiles = { names: readonly string[]; uploaded: readonly Uploaded[]; summary: string }

export function writeUrl(connection: Connection, { id, revision }: Repository, verb: 'preupload' | 'commit'): URL {
  return below(connection.endpoint, `api/datasets/${id}/${verb}/${encodeURIComponent(revision)}`)
}

/**
 * Commits files on top of the branch as it stands. Where an answer is lost or the branch moved on meanwhile, the branch is
 * looked at again first, so that no attempt can make a second commit. No signal cuts it off: it would stay in doubt.
 */
export async function commitFiles(asking: Connection, folder: Repository, files: NewFiles): Promise<void> {
  const connection = { ...asking, signal: undefined }
  const lines = files.uploaded.map(({ key, value }, n) => {
    return JSON.stringify({ key, value: { path: within(folder.path, files.names[n]!), ...value } })
  })
  const [only = ''] = files.names
  const name = nameOf(files.names.length === 1 ? { ...folder, path: within(folder.path, only) } : folder)
  await insist(connection, name, async () => {
    const parentCommit = await pin(connection, folder)
    if (await holds(connection, { ...folder, revision: parentCommit }, files)) return
    const header = JSON.stringify({ key: 'header', value: { summary: files.summary, parentCommit } })
    const post = { body: `${[header, ...lines].join('\n')}\n`, type: 'application/x-ndjson' }
    const { json } = await askOnce(connection, writeUrl(connection, folder, 'commit'), post).catch(asConflict)
    if (typeof (json as { commitOid?: unknown } | null)?.commitOid === 'string') return
    throw new HttpFailure('answer names no commit', { retryable: true })
  })
}

/** A branch that moved on is a reason to look again; the status alone does not say so. */
function asConflict(error: unknown): never {
  if (!(error instanceof HttpFailure) || error.status !== 412) throw error
  throw new HttpFailure('others keep committing to this branch', { retryable: true, status: 412, cause: error })
}

/** Whether a commit has all the files with this content. Throws a UsageError where their folder has no room for them. */
async function holds(connection: Connection, folder: Repository, { names, uploaded }: NewFiles): Promise<boolean> {
  const beside = new Map((await entriesIn(connection, folder)).map((entry) => [entry.path, entry]))
  const known = names.map((name) => beside.get(within(folder.path, name)))
  const missing = known.filter((entry) => entry === undefined).length
  if (beside.size + missing > quotas.folder) {
    throw new UsageError(`The folder ${folder.path} of ${prefixOf(folder)} holds ${beside.size} entries`, {
      fix: `The hub takes ${quotas.folder} a folder: choose another one.`,
    })
  }
  return known.every((entry, n) => entry?.oid === uploaded[n]!.oid)
}

/** The entries of a folder, none where there is no such folder. */
export function entriesIn(connection: Connection, folder: Repository): Promise<Entry[]> {
  return tree(connection, folder, folder.path, false).catch((error): Entry[] => {
    if (error?.cause instanceof HttpFailure && error.cause.status === 404) return []
    throw error
  })
}

export const within = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`)
