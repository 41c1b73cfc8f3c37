import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { asDiskError, CorruptInputError, UsageError } from '../stream/errors.js'
import { callKey } from './key.js'
import type { Recorded } from './record.js'
import { CallFailure, type Model, type Reply, type Score } from './types.js'
import type { Answer, Question } from './wrapped.js'

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
  const answer = (call: Question) => {
    const found = recorded.get(keyOf(call))
    if (found === undefined) throw unmatched(path, call, [...recorded.values()])
    if ('reply' in found) return found.reply
    const { reason, attempts, status } = found.failure
    throw new CallFailure(reason, { attempts, ...(status === undefined ? {} : { status }) })
  }
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return {
    // A recording that was made anew is another model, so that no journal answers for the old one.
    id: `replay:${basename(path)}:${digest}`,
    // What was recorded for a call is of its kind: `parse` has seen to it.
    ask: async (call) => answer(call) as Reply,
    score: async (call) => answer(call) as Score,
  }
}

function keyOf(call: Question): string {
  return callKey('replay', call)
}

function parse(line: string, where: string): Recorded {
  try {
    const recorded = JSON.parse(line) as Recorded
    const isWhole = typeof recorded.call.rowId === 'string' && (!('reply' in recorded) || isAnswer(recorded))
    if (isWhole && ('reply' in recorded || recorded.failure.reason)) return recorded
  } catch (cause) {
    throw new CorruptInputError(`${where} is not a recorded call: ${(cause as Error).message}`, { cause })
  }
  throw new CorruptInputError(`${where} is not a recorded call`)
}

function isAnswer({ call, reply }: { call: Question; reply: Answer }): boolean {
  if ('messages' in call) return Array.isArray(call.messages) && 'text' in reply && typeof reply.text === 'string'
  return typeof call.continuation === 'string' && 'tokens' in reply && typeof reply.logProbability === 'number'
}

function unmatched(path: string, call: Question, recorded: readonly Recorded[]): UsageError {
  const same = recorded.find((each) => isDeepStrictEqual(placeOf(each.call), placeOf(call)))
  const differing =
    same &&
    Object.keys({ ...same.call, ...call }).filter((name) => {
      return !isDeepStrictEqual(same.call[name as keyof Question], call[name as keyof Question])
    })
  const why = differing ? `; the one recorded for it has other ${differing.join(', ')}` : ''
  const sample = 'ordinal' in call ? `, sample ${call.ordinal}` : ''
  return new UsageError(`The recording ${path} has no reply to ${call.stage} about ${call.rowId}${sample}${why}.`, {
    fix: 'Record it again with --record FILE.',
  })
}

function placeOf(call: Question): readonly unknown[] {
  return [call.stage, call.rowId, 'ordinal' in call ? call.ordinal : 'score']
}
