import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { asDiskError, CorruptInputError, UsageError } from '../stream/errors.js'
import { callKey } from './key.js'
import type { Recorded } from './record.js'
import { type Call, CallFailure, type Model } from './types.js'

/**
 * A model that answers from a recording and asks nobody, for tests: each call must be in `path` just as it was made, with
 * its prompt and all its parameters. Rejects with a UsageError where the file is missing or knows no such call, naming
 * what differs, and with a CorruptInputError naming the line that is no recorded call.
 */
export async function replayModel(path: string): Promise<Model> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw asDiskError(error, path)
    throw new UsageError(`There is no recording at ${path}.`, { fix: 'Make one with --record FILE.' })
  })
  const recorded = new Map<string, Recorded>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const each = parse(line, `${path}:${index + 1}`)
    recorded.set(keyOf(each.call), each)
  }
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return {
    // A recording that was made anew is another model, so that no journal answers for the old one.
    id: `replay:${basename(path)}:${digest}`,
    async ask(call) {
      const found = recorded.get(keyOf(call))
      if (found === undefined) throw unmatched(path, call, [...recorded.values()])
      if ('reply' in found) return found.reply
      const { reason, attempts, status } = found.failure
      throw new CallFailure(reason, { attempts, ...(status === undefined ? {} : { status }) })
    },
  }
}

function keyOf(call: Call): string {
  return callKey('replay', call)
}

function parse(line: string, where: string): Recorded {
  try {
    const recorded = JSON.parse(line) as Recorded
    const isWhole = Array.isArray(recorded.call.messages) && typeof recorded.call.rowId === 'string'
    if (isWhole && ('reply' in recorded ? typeof recorded.reply.text === 'string' : recorded.failure.reason))
      return recorded
  } catch (cause) {
    throw new CorruptInputError(`${where} is not a recorded call: ${(cause as Error).message}`, { cause })
  }
  throw new CorruptInputError(`${where} is not a recorded call`)
}

function unmatched(path: string, call: Call, recorded: readonly Recorded[]): UsageError {
  const { stage, rowId, ordinal } = call
  const same = recorded.find((each) => isDeepStrictEqual(placeOf(each.call), placeOf(call)))
  const differing =
    same &&
    Object.keys({ ...same.call, ...call }).filter((name) => {
      return !isDeepStrictEqual(same.call[name as keyof Call], call[name as keyof Call])
    })
  const why = differing ? `; the one recorded for it has other ${differing.join(', ')}` : ''
  return new UsageError(`The recording ${path} has no reply to ${stage} about ${rowId}, sample ${ordinal}${why}.`, {
    fix: 'Record it again with --record FILE.',
  })
}

function placeOf({ stage, rowId, ordinal }: Call): readonly unknown[] {
  return [stage, rowId, ordinal]
}
