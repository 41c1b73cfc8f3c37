import { createHash, createHmac } from 'node:crypto'

export type Credentials = { readonly id: string; readonly secret: string; readonly sessionToken?: string }

export type SignOptions = {
  readonly region: string
  readonly now: Date
  /** Default GET. */
  readonly method?: string
  /** Default empty. */
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The headers that sign a request to S3: AWS Signature Version 4, the header form, as Amazon's S3 guide describes it. `url` has
 * its path and query encoded by {@link encodeStrictly}; `headers` are signed as well and come back among the others.
 */
export function signRequest(
  url: URL,
  { id, secret, sessionToken }: Credentials,
  { region, now, method = 'GET', body = '', headers = {} }: SignOptions,
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`
  const hash = sha256(body)
  const own = {
    ...headers,
    'x-amz-content-sha256': hash,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  }
  const signed = Object.entries({ ...own, host: url.host }).sort(byName)
  const names = signed.map(([name]) => name).join(';')
  const query = url.search.slice(1).split('&').filter(Boolean).sort().join('&')
  const lines = signed.map(([name, value]) => `${name}:${value.trim()}\n`).join('')
  const request = `${method}\n${url.pathname}\n${query}\n${lines}\n${names}\n${hash}`
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(request)}`
  const key = scope.split('/').reduce<Buffer | string>((made, part) => hmac(made, part), `AWS4${secret}`)
  const signature = hmac(key, toSign).toString('hex')
  return {
    ...own,
    authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** Percent-encoding as signatures want it: everything but letters, digits, `-`, `_`, `.` and `~`. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest()
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : 1)
