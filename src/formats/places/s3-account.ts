import { parseEndpoint } from '../../http/endpoint.js'
import { UsageError } from '../../stream/errors.js'
import { checkPath } from './remote.js'
import { type Profile, readProfile } from './s3-profile.js'
import { type Credentials, encodeStrictly, type SignOptions, signRequest } from './sign.js'

/** Bucket and key of an `s3://` address. */
export function parseS3(address: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([a-z0-9][\w.-]{1,62})(?:\/(.*))?$/i.exec(address)
  if (match === null) throw new UsageError(`Expected an address such as s3://bucket/folder/*.parquet, got ${address}`)
  const key = (match[2] ?? '').replace(/\/+$/, '')
  checkPath(key, 'input')
  return { bucket: match[1]!, key }
}

export const s3Fix = {
  refused:
    'Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AWS_PROFILE, to what may do so with the bucket.',
  missing: 'Check bucket and key, and AWS_ENDPOINT_URL where the bucket is not at Amazon.',
}

/** Who asks, and where. */
export type Account = { region: string; endpoint?: URL; credentials?: Credentials }

/** The account that the environment names, or where it names no key the profile of Amazon's own tools. */
export function account({ env }: { env: NodeJS.ProcessEnv } = process): Account {
  const isNamed = Boolean(env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY)
  const profile: Profile = isNamed ? {} : readProfile(env)
  const named = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || profile.endpoint_url
  const id = isNamed ? env.AWS_ACCESS_KEY_ID : profile.aws_access_key_id
  const secret = isNamed ? env.AWS_SECRET_ACCESS_KEY : profile.aws_secret_access_key
  const sessionToken = isNamed ? env.AWS_SESSION_TOKEN : profile.aws_session_token
  return {
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.region || 'us-east-1',
    ...(named && { endpoint: parseEndpoint(named) }),
    ...(id && secret && { credentials: { id, secret, ...(sessionToken && { sessionToken }) } }),
  }
}

/** Amazon has each bucket at a host of its own; other servers, and names with dots that break its certificate, a path. */
export function urlOf({ endpoint, region }: Account, bucket: string, key = ''): URL {
  const path = key.split('/').map(encodeStrictly).join('/')
  if (endpoint === undefined && !/[._A-Z]/.test(bucket))
    return new URL(`https://${bucket}.s3.${region}.amazonaws.com/${path}`)
  const base = endpoint ?? new URL(`https://s3.${region}.amazonaws.com`)
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${bucket}${path === '' ? '' : `/${path}`}`
  return url
}

/** The headers that sign a request; none without credentials, as public buckets allow. */
export function signed(
  url: URL,
  { credentials, region }: Account,
  request: Pick<SignOptions, 'method' | 'body'> = {},
): Record<string, string> {
  return credentials === undefined ? {} : signRequest(url, credentials, { ...request, region, now: new Date() })
}

/** What no error may repeat. */
export const secretsOf = ({ credentials }: Account) =>
  credentials === undefined ? [] : [credentials.secret, credentials.sessionToken ?? '']
