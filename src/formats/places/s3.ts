import { UsageError } from '../../stream/errors.js'
import { globMatcher, isGlob, staticFolder } from './glob.js'
import type { Listing, Place, PlacedFile } from './place.js'
import { openRemote, type Remote, streamRemote } from './remote.js'
import { account, parseS3, s3Fix, secretsOf, signed, urlOf } from './s3-account.js'
import { createS3Folder } from './s3-folder.js'
import { objects, type StoredObject } from './s3-list.js'
import { createObject } from './s3-write.js'

/**
 * Objects of S3, or of the server that AWS_ENDPOINT_URL names: `s3://bucket/key`, a folder of keys, or a pattern. Keys come from
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or else from the profile that AWS_PROFILE names; without
 * any, requests go unsigned, as public buckets allow.
 */
export const s3: Place = {
  async list(input) {
    const { bucket, key } = parseS3(input)
    const { kind, found } = await filesUnder(bucket, key)
    const folder = kind === 'folder' ? key : staticFolder(key)
    const within = folder === '' ? bucket : `${bucket}/${folder}`
    const files = found.sort((a, b) => (a.path < b.path ? -1 : 1))
    return { kind, path: `s3://${bucket}/${key}`, label: `/s3/${bucket}/${key}`, root: `/s3/${within}`, files }
  },
  open: async (path, signal) => openRemote(remoteAt(path), signal),
  stream: (path, options) => streamRemote(remoteAt(path), options?.signal),
  create: createObject,
  createFolder: createS3Folder,
}

function remoteAt(path: string): Remote {
  const { bucket, key } = parseS3(path)
  const who = account()
  const url = urlOf(who, bucket, key)
  return { url, name: path, hostHeaders: () => signed(url, who), secrets: secretsOf(who), fix: s3Fix }
}

async function filesUnder(bucket: string, key: string): Promise<{ kind: Listing['kind']; found: PlacedFile[] }> {
  const who = account()
  const where = `s3://${bucket}/${key}`
  const list = (prefix: string, most?: number) => objects(who, bucket, { prefix, most })
  if (isGlob(key)) {
    const matches = globMatcher(key)
    const prefix = key.slice(0, key.search(/[*?[{]/))
    const found = (await list(prefix)).filter((each) => each.key === key || matches(each.key))
    if (found.length > 0) return { kind: 'glob', found: found.map((each) => placed(bucket, each)) }
    throw new UsageError(`No file matches ${where}`, {
      fix: 'Check the pattern; quote it so that the shell leaves it alone.',
    })
  }
  // Of all keys with a prefix the prefix itself comes first.
  const [itself] = key === '' ? [] : await list(key, 1)
  if (itself?.key === key) return { kind: 'file', found: [placed(bucket, itself)] }
  const prefix = key === '' ? '' : `${key}/`
  const visible = globMatcher('**')
  const found = (await list(prefix)).filter((each) => visible(each.key.slice(prefix.length)))
  if (found.length > 0) return { kind: 'folder', found: found.map((each) => placed(bucket, each)) }
  throw new UsageError(`No such file or folder: ${where}`, {
    fix: 'Check the key; a part of a name wants a `*` at its end.',
  })
}

const placed = (bucket: string, { key, ...about }: StoredObject): PlacedFile => ({
  path: `s3://${bucket}/${key}`,
  label: `/s3/${bucket}/${key}`,
  ...about,
})
