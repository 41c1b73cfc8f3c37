import { HttpFailure } from '../../http/failure.js'
import { retrying } from '../../http/retry.js'
import { getText } from '../../http/text.js'
import { EndpointError, UsageError } from '../../stream/errors.js'
import { globMatcher, isGlob, staticFolder } from './glob.js'
import type { Listing, Place, PlacedFile } from './place.js'
import { asPlaceError, checkPath, openRemote, type Remote, streamRemote } from './remote.js'
import { type Account, account, parseS3, s3Fix, secretsOf, signed, urlOf } from './s3-account.js'
import { createObject } from './s3-write.js'
import { encodeStrictly } from './sign.js'
import { element } from './xml.js'

/**
 * Objects of S3, or of the server that AWS_ENDPOINT_URL names: `s3://bucket/key`, a folder of keys, or a pattern. Keys come from
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; without them requests go unsigned, as public buckets allow.
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

type StoredObject = { key: string; bytes: number; modifiedMs: number; etag?: string }

const placed = (bucket: string, { key, ...about }: StoredObject): PlacedFile => ({
  path: `s3://${bucket}/${key}`,
  label: `/s3/${bucket}/${key}`,
  ...about,
})

const mostObjects = 1_000_000

/** The objects whose keys begin with `prefix`, by ListObjectsV2, in pages of a thousand. */
async function objects(
  who: Account,
  bucket: string,
  wanted: { prefix: string; most?: number },
): Promise<StoredObject[]> {
  const { prefix, most = mostObjects } = wanted
  const found: StoredObject[] = []
  for (let token: string | undefined; ; ) {
    const page = await listPage(who, bucket, {
      prefix,
      'max-keys': String(Math.min(1000, most)),
      'continuation-token': token,
    })
    for (const each of page.objects) found.push(each)
    if (page.next === undefined || found.length >= most) {
      if (page.next !== undefined && most === mostObjects) {
        throw new UsageError(`s3://${bucket}/${prefix} holds more than ${mostObjects} objects`, {
          fix: 'Name a folder in it.',
        })
      }
      return found
    }
    if (page.next === token) throw new EndpointError(`The listing of s3://${bucket}/${prefix} does not end`)
    token = page.next
  }
}

async function listPage(who: Account, bucket: string, parameters: Record<string, string | undefined>) {
  const url = urlOf(who, bucket)
  url.search = Object.entries({ 'list-type': '2', ...parameters })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeStrictly(value)}`]))
    .join('&')
  const request = async () => {
    const xml = await getText(url, { headers: signed(url, who), secrets: secretsOf(who) })
    if (!xml.includes('<ListBucketResult')) throw new HttpFailure('answer is not a listing', { retryable: true })
    return xml
  }
  try {
    return readListing(await retrying(request, { attempts: 6 }))
  } catch (error) {
    if (error instanceof HttpFailure && (error.status === 301 || error.status === 307)) {
      throw new UsageError(`The bucket ${bucket} does not lie in the region ${who.region}`, {
        fix: 'Set AWS_REGION to its region.',
      })
    }
    throw asPlaceError(error, { name: `s3://${bucket}`, fix: s3Fix })
  }
}

/** What a ListObjectsV2 answer lists; keys that end with a slash stand for folders and are left out. */
export function readListing(xml: string): { objects: StoredObject[]; next?: string } {
  const objects = xml
    .split('<Contents>')
    .slice(1)
    .flatMap((content): StoredObject[] => {
      const key = element(content, 'Key')
      const bytes = Number(element(content, 'Size') ?? Number.NaN)
      const modifiedMs = Date.parse(element(content, 'LastModified') ?? '')
      const etag = element(content, 'ETag')
      if (key === undefined || !Number.isSafeInteger(bytes))
        throw new HttpFailure('answer is not a listing', { retryable: false })
      if (key.endsWith('/')) return []
      checkPath(key, 'listing')
      return [
        { key, bytes, modifiedMs: Number.isNaN(modifiedMs) ? 0 : modifiedMs, ...(etag !== undefined && { etag }) },
      ]
    })
  const next = element(xml, 'IsTruncated') === 'true' ? element(xml, 'NextContinuationToken') : undefined
  return { objects, ...(next !== undefined && { next }) }
}
