import { HttpFailure } from '../../http/failure.js'
import { retrying } from '../../http/retry.js'
import { getText } from '../../http/text.js'
import { EndpointError, UsageError } from '../../stream/errors.js'
import { asPlaceError, checkPath } from './remote.js'
import { type Account, s3Fix, secretsOf, signed, urlOf } from './s3-account.js'
import { encodeStrictly } from './sign.js'
import { element } from './xml.js'

/** An object as a listing tells of it. */
export type StoredObject = { key: string; bytes: number; modifiedMs: number; etag?: string }

const mostObjects = 1_000_000

/** The objects whose keys begin with `prefix`, by ListObjectsV2, in pages of a thousand. */
export async function objects(
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
