import { HttpFailure } from '../../http/failure.js'
import { refusal } from '../../http/refusal.js'
import { type Answer, open, readBody } from '../../http/request.js'
import { retrying } from '../../http/retry.js'
import { UsageError } from '../../stream/errors.js'
import type { Output } from './place.js'
import { asPlaceError } from './remote.js'
import { account, parseS3, s3Fix, secretsOf, signed, urlOf } from './s3-account.js'
import { element } from './xml.js'

/** S3 takes ten thousand parts of at least 5 MiB: with these steps a file may come to more than a terabyte. */
function partBytes(part: number): number {
  return part <= 1000 ? 8 << 20 : part <= 3000 ? 32 << 20 : 128 << 20
}

/** A part may take long to go up a slow line, and its answer comes behind it. */
const timeouts = { firstByteMs: 300_000, totalMs: 1_800_000 }

type Exchange = {
  method: 'PUT' | 'POST' | 'DELETE'
  query: string
  body?: string | Uint8Array
  signal?: AbortSignal | undefined
}
type Told = { headers: Answer['headers']; xml: string }

/** An object while it goes up, a part at a time; readers see nothing of it until it is completed. */
export type Upload = {
  readonly bytes: number
  write(block: Uint8Array): Promise<void>
  /** Sends what is held back, so that only completing it is left to do. */
  seal(): Promise<void>
  complete(): Promise<void>
  /** Gives up its parts, which S3 keeps, and wants paid, of an upload that nobody ends. Never throws. */
  abort(): Promise<void>
}

/** Begins an object. What fits into one part and is not sealed before it is completed is put by a single request. */
export function openUpload(path: string, signal?: AbortSignal): Upload {
  const { bucket, key } = parseS3(path)
  if (key === '' || path.endsWith('/')) throw new UsageError(`Expected a key to write, got ${path}`)
  const exchange = (request: Exchange) => send(path, { bucket, key }, { ...request, signal })
  // Ending an upload of parts takes no time, and one that was cut off would leave in doubt what is there.
  const end = (request: Exchange) => send(path, { bucket, key }, request)
  const parts: string[] = []
  let upload: string | undefined
  let held = Buffer.alloc(0)
  let filled = 0
  let bytes = 0
  const sendPart = async () => {
    upload ??= await begin(path, exchange)
    const query = `partNumber=${parts.length + 1}&uploadId=${encodeURIComponent(upload)}`
    const { headers } = await exchange({ method: 'PUT', query, body: held.subarray(0, filled) })
    parts.push(headers.etag ?? '')
    filled = 0
  }
  return {
    get bytes() {
      return bytes
    },
    async write(block) {
      for (let at = 0; at < block.byteLength; ) {
        const size = partBytes(parts.length + 1)
        if (held.length < size) held = Buffer.concat([held.subarray(0, filled)], size)
        const taken = block.subarray(at, at + size - filled)
        held.set(taken, filled)
        filled += taken.byteLength
        at += taken.byteLength
        bytes += taken.byteLength
        if (filled === size) await sendPart()
      }
    },
    async seal() {
      if (filled > 0) await sendPart()
      held = Buffer.alloc(0)
    },
    async complete() {
      if (upload === undefined) {
        await exchange({ method: 'PUT', query: '', body: held.subarray(0, filled) })
        return
      }
      if (filled > 0) await sendPart()
      await complete(path, end, { upload, parts })
    },
    async abort() {
      if (upload !== undefined) {
        await end({ method: 'DELETE', query: `uploadId=${encodeURIComponent(upload)}` }).catch(() => {})
      }
    },
  }
}

/** An object of S3, by multipart upload where it does not fit into one part. */
export async function createObject(path: string, signal?: AbortSignal): Promise<Output> {
  const upload = openUpload(path, signal)
  return {
    get bytes() {
      return upload.bytes
    },
    closed: false,
    write: upload.write,
    commit: upload.complete,
    abort: upload.abort,
  }
}

/** Removes an object. Never throws. */
export async function removeObject(path: string): Promise<void> {
  await send(path, parseS3(path), { method: 'DELETE', query: '' }).catch(() => {})
}

async function begin(path: string, exchange: (request: Exchange) => Promise<Told>): Promise<string> {
  const upload = element((await exchange({ method: 'POST', query: 'uploads=' })).xml, 'UploadId')
  if (upload) return upload
  throw asPlaceError(
    new HttpFailure('answer names no upload', { retryable: false }),
    { name: path, fix: s3Fix },
    'write',
  )
}

async function complete(
  path: string,
  exchange: (request: Exchange) => Promise<Told>,
  { upload, parts }: { upload: string; parts: readonly string[] },
): Promise<void> {
  const listed = parts.map((etag, n) => `<Part><PartNumber>${n + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('')
  const body = `<CompleteMultipartUpload>${listed}</CompleteMultipartUpload>`
  const { xml } = await exchange({ method: 'POST', query: `uploadId=${encodeURIComponent(upload)}`, body })
  // S3 answers 200 before it knows, and tells of a failure in the text.
  if (element(xml, 'ETag') !== undefined) return
  const said = element(xml, 'Message') ?? element(xml, 'Code')
  const failure = new HttpFailure('upload not completed', {
    retryable: false,
    ...(said && { detail: said.slice(0, 300) }),
  })
  throw asPlaceError(failure, { name: path, fix: s3Fix }, 'write')
}

async function send(
  path: string,
  { bucket, key }: { bucket: string; key: string },
  { method, query, body = '', signal }: Exchange,
): Promise<Told> {
  const who = account()
  const url = urlOf(who, bucket, key)
  url.search = query
  const request = async () => {
    const answer = await open({
      method,
      url,
      body,
      headers: signed(url, who, { method, body }),
      timeouts,
      ...(signal && { signal }),
    })
    if (answer.status < 200 || answer.status > 299) throw await refusal(answer, secretsOf(who))
    return { headers: answer.headers, xml: (await readBody(answer, 1_000_000)).toString('utf8') }
  }
  try {
    return await retrying(request, { attempts: 6, ...(signal && { signal }) })
  } catch (error) {
    throw asPlaceError(error, { name: path, fix: s3Fix }, 'write')
  }
}
