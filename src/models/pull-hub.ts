import { type FileHandle, open, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeUrl, parseEndpoint } from '../http/endpoint.js'
import { HttpFailure } from '../http/failure.js'
import { type Answer, open as openUrl } from '../http/request.js'
import { retrying } from '../http/retry.js'
import { asDiskError, UsageError } from '../stream/errors.js'
import type { CataloguedModel } from './catalogue.js'

export type PullOptions = {
  /** Told how far the download from the hub is, in bytes. */
  readonly onProgress?: (done: number, total: number) => void
  /** Told in one sentence what is being done. */
  readonly log?: (message: string) => void
  readonly signal?: AbortSignal
  /** `HF_ENDPOINT`, `XDG_CACHE_HOME`, and what pip reads. */
  readonly env?: NodeJS.ProcessEnv
  /** What to pull by `name`; default the catalogue's entry. */
  readonly model?: CataloguedModel
}

/** A file of the hub, its length, and its name here. */
export type HubFile = Pick<CataloguedModel, 'file' | 'bytes' | 'hub'>

/** The hub's address, or that of `HF_ENDPOINT`, without a slash at its end. */
export function hubOf(env: NodeJS.ProcessEnv): string {
  return parseEndpoint(env.HF_ENDPOINT || 'https://huggingface.co').href.replace(/\/+$/, '')
}

/**
 * Downloads the model's file from the Hugging Face hub (or `HF_ENDPOINT`) into `folder` and resolves with the path of the
 * whole, unchecked file. What an earlier try left behind is carried on. Sends no token: the file is public.
 */
export async function downloadFromHub(model: HubFile, folder: string, options: PullOptions): Promise<string> {
  const { env = process.env, signal } = options
  const { repository, revision, file } = model.hub
  const url = new URL(`${hubOf(env)}/${repository}/resolve/${revision}/${file}`)
  const part = await claimPart(folder, model.file)
  try {
    const attempt = () => fill(part, url, model, options).catch(asFinalIfUnreachable)
    await retrying(attempt, { attempts: 4, signal })
    return part
  } catch (error) {
    await rename(part, join(folder, `${model.file}.part`)).catch(() => {})
    signal?.throwIfAborted()
    if (!(error instanceof HttpFailure)) throw asDiskError(error, part)
    throw new UsageError(`${describeUrl(url)}: ${error.message}`, { cause: error })
  }
}

/** Where the hub cannot be reached at all there is another source to try, and no reason to wait. */
function asFinalIfUnreachable(error: unknown): never {
  if (!(error instanceof HttpFailure) || !error.unreachable) throw error
  throw new HttpFailure(error.reason, { retryable: false, unreachable: true, cause: error })
}

/**
 * A file of this process alone to download into: what an earlier try left, taken by renaming it, or a name not used yet.
 * A rename succeeds for one process only, so two that pull at once never write into the same file.
 */
async function claimPart(folder: string, file: string): Promise<string> {
  const mine = join(folder, `${file}.part-${process.pid}`)
  const names = await readdir(folder)
  const left = names.filter((name) => name === `${file}.part` || isAbandoned(name, `${file}.part-`))
  for (const name of left) {
    const taken = await rename(join(folder, name), mine).then(
      () => true,
      () => false,
    )
    if (taken) break
  }
  return mine
}

function isAbandoned(name: string, prefix: string): boolean {
  const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Appends what is missing of the file to `part`. */
async function fill(part: string, url: URL, model: HubFile, { onProgress, signal }: PullOptions): Promise<void> {
  let done = (await stat(part).catch(() => undefined))?.size ?? 0
  if (done === model.bytes) return
  if (done > model.bytes) done = 0
  const answer = await openFile(url, done, signal)
  // A server that knows no ranges sends the whole again.
  if (answer.status !== 206) done = 0
  const out = await open(part, done === 0 ? 'w' : 'a')
  try {
    await pour(answer, out, done, model.bytes, onProgress)
  } finally {
    await out.close()
  }
}

async function pour(
  answer: Answer,
  out: FileHandle,
  done: number,
  total: number,
  onProgress?: PullOptions['onProgress'],
): Promise<void> {
  for await (const chunk of answer.body) {
    done += chunk.length
    if (done > total)
      throw new HttpFailure('file is longer than expected', { retryable: false, detail: `over ${total} bytes` })
    await out.appendFile(chunk)
    onProgress?.(done, total)
  }
  if (done < total) {
    throw new HttpFailure('file is shorter than expected', { retryable: true, detail: `${done} of ${total} bytes` })
  }
  await out.sync()
}

/** The answer that carries the file from byte `from` on, at most five redirects away: the hub keeps large files elsewhere. */
async function openFile(start: URL, from: number, signal?: AbortSignal): Promise<Answer> {
  let url = start
  for (let hop = 0; hop <= 5; hop++) {
    const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {}
    const answer = await openUrl({ url, headers, timeouts: { totalMs: 24 * 3600 * 1000 }, signal })
    const { status } = answer
    const whole = status === 200 || (status === 206 && answer.headers['content-range']?.startsWith(`bytes ${from}-`))
    if (whole) return answer
    for await (const _ of answer.body) break
    const location = answer.headers.location
    if (status < 300 || status > 399 || location === undefined) {
      throw new HttpFailure(`status ${status}`, { retryable: status === 429 || status >= 500, status })
    }
    const next = new URL(location, url)
    // Encrypted stays encrypted; a hub on this machine may send us on within it.
    if (next.protocol !== 'https:' && next.protocol !== start.protocol) {
      throw new HttpFailure('redirects to an unencrypted address', { retryable: false, status })
    }
    url = parseEndpoint(next.href)
  }
  throw new HttpFailure('too many redirects', { retryable: false })
}
