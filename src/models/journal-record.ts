import { crc32 } from 'node:zlib'
import { CorruptInputError } from '../stream/errors.js'
import type { Usage } from './types.js'
import type { Answer } from './wrapped.js'

/**
 * A record: the length of its text and the CRC-32 of its text, each an unsigned 32-bit little-endian number, then the text,
 * JSON in UTF-8 that begins with the key. What a reply took stands beside it where its own server did not say.
 */
export const headerBytes = 8
const opening = '{"key":"'
const keyLength = 64
const keyShape = /^[0-9a-f]{64}$/
/** Longer than any reply that is accepted (10 MB, with every character escaped). */
const longestText = 64_000_000

/** The record of one reply or score, which took so many tokens. */
export function encodeRecord(key: string, answer: Answer, spent: Usage): Buffer {
  if (!keyShape.test(key)) throw new TypeError(`Expected a key of 64 hexadecimal digits, got \`${key}\``)
  const text = JSON.stringify({ key, reply: answer, spent: answer.usage === undefined ? spent : undefined })
  const record = Buffer.allocUnsafe(headerBytes + Buffer.byteLength(text))
  record.write(text, headerBytes)
  record.writeUInt32LE(record.length - headerBytes, 0)
  record.writeUInt32LE(crc32(record.subarray(headerBytes)), 4)
  return record
}

/** The length of the record that starts at `offset`, going by its header alone; `undefined` where that cannot be one. */
export function recordLength(bytes: Buffer, offset = 0): number | undefined {
  if (offset + headerBytes > bytes.length) return undefined
  const length = bytes.readUInt32LE(offset)
  return length < opening.length + keyLength || length > longestText ? undefined : headerBytes + length
}

/** The key of a whole record, its checksum compared; `undefined` where this is not a record as it was written. */
export function recordKey(record: Buffer): string | undefined {
  const body = record.subarray(headerBytes)
  if (recordLength(record) !== record.length || record.readUInt32LE(4) !== crc32(body)) return undefined
  const key = body.toString('latin1', opening.length, opening.length + keyLength)
  return body.toString('latin1', 0, opening.length) === opening && keyShape.test(key) ? key : undefined
}

/** The reply in a whole record; a CorruptInputError naming `where` if the record is damaged or belongs to another key. */
export function decodeRecord(record: Buffer, key: string, where: string): Answer {
  if (recordKey(record) !== key) throw damaged(where)
  return JSON.parse(record.toString('utf8', headerBytes)).reply
}

/** The tokens that the reply in a whole record took; none where it was written before that was kept. */
export function recordSpent(record: Buffer): Usage {
  const { reply, spent } = JSON.parse(record.toString('utf8', headerBytes)) as { reply: Answer; spent?: Usage }
  return reply.usage ?? spent ?? { promptTokens: 0, completionTokens: 0 }
}

/** Where in `bytes` the first undamaged record starts, from `from` on; `undefined` where there is none. */
export function findRecord(bytes: Buffer, from: number): number | undefined {
  // Inside a record's JSON every quote of a text is escaped, so the opening occurs nowhere else.
  for (let at = bytes.indexOf(opening, from); at !== -1; at = bytes.indexOf(opening, at + 1)) {
    const start = at - headerBytes
    const length = start < from ? undefined : recordLength(bytes, start)
    if (length !== undefined && recordKey(bytes.subarray(start, start + length)) !== undefined) return start
  }
  return undefined
}

/** What to throw where a record that was once written whole is not whole any more. */
export function damaged(where: string): CorruptInputError {
  return new CorruptInputError(`The journal is damaged at ${where}: a record does not match its checksum.`, {
    fix: 'Bring the file back from a copy, or move it away: its replies will be asked for, and paid for, again.',
  })
}
