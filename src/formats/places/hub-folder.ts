import { UsageError } from '../../stream/errors.js'
import { prefixOf, type Repository } from './hub-account.js'
import { commitFiles, entriesIn, quotas, type Uploaded, within } from './hub-commit.js'
import { tree } from './hub-tree.js'
import { connectToWrite, largestInGit, upload } from './hub-write.js'
import type { FolderOptions, OutputFolder } from './place.js'
import { openSpool } from './spool.js'

/**
 * A new folder of a data set of the hub. Each file is uploaded as it is whole, so that one at a time waits on disk, and all of
 * them appear with one commit.
 */
export async function createHubFolder(path: string, { nameOf, signal }: FolderOptions): Promise<OutputFolder> {
  const { connection, repository, head } = await connectToWrite(path, signal)
  if (repository.path === '') {
    throw new UsageError(`Expected a folder of the data set to write shards to, got ${path}`, {
      fix: 'Write to an address such as hf://datasets/owner/name/data.',
    })
  }
  const now = { ...repository, revision: head }
  if ((await entriesIn(connection, now)).length > 0) {
    throw new UsageError(`The folder ${path} is not empty`, { fix: 'Choose a new folder for the shards.' })
  }
  const others = (await tree(connection, { ...now, path: '' }, '', true)).filter(({ type }) => type === 'file').length
  const uploaded: Uploaded[] = []
  let inGit = 0
  const checkRoom = () => {
    if (others + uploaded.length >= quotas.repository) throw full(repository, `${quotas.repository} files a data set`)
    if (uploaded.length >= quotas.folder) throw full(repository, `${quotas.folder} files a folder`)
  }
  checkRoom()
  return {
    async create() {
      checkRoom()
      const spool = await openSpool()
      const name = nameOf(uploaded.length)
      return {
        get bytes() {
          return spool.bytes
        },
        closed: false,
        write: spool.write,
        async commit() {
          const file = { ...repository, path: within(repository.path, name) }
          const sent = await upload(connection, file, spool, largestInGit - inGit)
          if (sent.key === 'file') inGit += spool.bytes
          uploaded.push(sent)
          await spool.close()
        },
        abort: spool.close,
      }
    },
    commit() {
      const names = uploaded.map((_, index) => nameOf(index, uploaded.length))
      const summary = `Write ${uploaded.length} files to ${repository.path} with sluice`
      return commitFiles(connection, repository, { names, uploaded, summary })
    },
    // What was uploaded and is in no commit is no part of the data set.
    async abort() {},
  }
}

function full(repository: Repository, quota: string): UsageError {
  return new UsageError(`${prefixOf(repository)} has no room for more shards: the hub takes ${quota}`, {
    fix: 'Write fewer, larger shards with --shard-size, or to a data set of their own.',
  })
}
