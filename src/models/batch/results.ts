import { createReadStream } from 'node:fs'
import { HttpFailure } from '../../http/failure.js'
import { redact } from '../../http/redact.js'
import { refusalOf } from '../../http/refusal.js'
import { field } from '../answer-fields.js'
import { readChatReply } from '../chat-reply.js'
import type { Reply } from '../types.js'

/** A line of a file and where it lies in it, in bytes. */
export type Line = { readonly text: string; readonly offset: number; readonly length: number }

/** No line is longer: a reply of 10 MB with every character escaped. */
const longestLine = 64_000_000

/** The lines of a file one after another, in memory for one of them; a longer one than any we asked for is passed over. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let pieces: Buffer[] = []
  let held = 0
  let offset = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const length = held + end - from
      if (length <= longestLine) {
        pieces.push(chunk.subarray(from, end))
        yield { text: Buffer.concat(pieces).toString('utf8'), offset, length }
      }
      offset += length + 1
      pieces = []
      held = 0
      from = end + 1
    }
    held += chunk.length - from
    if (held <= longestLine) pieces.push(chunk.subarray(from))
    else pieces = []
  }
}

/** Whose line this is; `undefined` where it is nobody's. */
export function keyOfLine(text: string): string | undefined {
  try {
    const key = field(JSON.parse(text), 'custom_id')
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}

/** The reply in a line of results. Throws a CallFailure or an HttpFailure where it has none, as a call on its own would. */
export function replyOfLine(text: string, secrets: readonly string[]): Reply {
  const line: unknown = JSON.parse(text)
  const status = field(line, 'response', 'status_code')
  const body = field(line, 'response', 'body')
  if (status === 200) return readChatReply(body, secrets)
  if (typeof status === 'number' && status >= 400) {
    throw refusalOf({ status, headers: {} }, JSON.stringify(body ?? null), secrets)
  }
  const code = field(line, 'error', 'code')
  const detail = redact(String(field(line, 'error', 'message') ?? ''), secrets)
  const reason = code === 'batch_expired' || code === 'batch_cancelled' ? code.replace('_', ' ') : 'error in a batch'
  throw new HttpFailure(reason, { retryable: true, status: 200, detail: detail || undefined })
}
