import { CallFailure } from '../../models/types.js'
import type { RejectLog } from '../../run/reject-log.js'
import { mapConcurrent } from '../../stream/map-concurrent.js'
import type { Reject, Row, Stage } from '../../stream/types.js'
import type { ModelStage, Unread } from '../types.js'
import type { Asking } from './asking.js'

export type AskOptions<In, Out> = {
  /** Which of the replies that could be read to take; default the first. */
  choose?: (row: In, readings: readonly Out[], signal: AbortSignal) => Promise<Out | Unread>
  /** Called whenever a request about the row is sent. */
  onSend?: () => void
}

/**
 * Asks the model about every row and joins what the stage's prompt reads in the reply to the row. A row whose replies
 * cannot be read leaves as rejected with the reader's reason; one the model cannot answer leaves as failed.
 */
export function ask<In extends Row, Out extends object>(
  stage: ModelStage<In, Out>,
  asking: Asking,
  options: Pick<AskOptions<In, Out>, 'choose'> = {},
): Stage<In, In & Out> {
  const { concurrency, waiting, signal, log } = asking
  const about = (row: In, onSend: () => void) =>
    askAbout(stage, row, asking, { ...options, onSend }).then((outcome) => ({ row, outcome }))
  const answers = mapConcurrent(about, { concurrency, waiting, signal })
  return async function* (source) {
    for await (const batch of answers(source)) {
      const answered: (In & Out)[] = []
      for (const { row, outcome } of batch) {
        if (isLost(outcome)) logLost(log, { id: row.id, stage: stage.name }, outcome)
        else answered.push({ ...row, ...outcome })
      }
      if (answered.length > 0) yield answered
    }
  }
}

/** What became of a question that has no answer: a reply that could not be read, or none at all. */
export type Lost = Unread | CallFailure

/** Tells a question without an answer from what was read in one. */
export function isLost(outcome: object): outcome is Lost {
  return outcome instanceof CallFailure || 'unread' in outcome
}

/** Notes a row without an answer: rejected where a reply could not be read, failed where there was none. */
export function logLost(log: RejectLog, row: Omit<Reject, 'reason'>, lost: Lost): void {
  if (!(lost instanceof CallFailure)) {
    log.reject({ ...row, reason: lost.unread })
    return
  }
  const { attempts, status, reason, message } = lost
  log.fail({ ...row, reason, detail: message, attempts, ...(status === undefined ? {} : { status }) })
}

/**
 * Asks the model about one row, as often as the stage has samples, and reads the replies; for rows that take turns of
 * their own. Rejects only with what must end the run.
 */
export async function askAbout<In extends Row, Out extends object>(
  { name, prompt, sampling, samples = 1 }: ModelStage<In, Out>,
  row: In,
  {
    model,
    counts,
    signal,
    callSignal,
    onFatal,
  }: Pick<Asking, 'model' | 'counts' | 'signal' | 'callSignal' | 'onFatal'>,
  { choose, onSend }: AskOptions<In, Out> = {},
): Promise<Out | Lost> {
  const messages = prompt.write(row)
  const schema = prompt.schema?.(row)
  const readings: Out[] = []
  let lost: Lost = { unread: 'no reply' }
  for (let ordinal = 0; ordinal < samples; ordinal++) {
    const call = { messages, rowId: row.id, stage: name, ordinal, ...sampling, ...(schema && { schema }) }
    try {
      const reply = await model.ask(call, { signal: callSignal, stop: signal, ...(onSend && { onSend }) })
      const reading = prompt.read(reply.text, row, reply.finish === 'length')
      const unread = 'unread' in reading ? (reading as Unread) : undefined
      counts.add(name, reply, unread)
      if (unread) lost = unread
      else readings.push(reading as Out)
    } catch (error) {
      // One sample that cannot be had does not spoil the others.
      if (!(error instanceof CallFailure)) {
        onFatal(error)
        throw error
      }
      lost = error
    }
  }
  if (readings.length === 0) return lost
  if (choose === undefined) return readings[0]!
  try {
    return await choose(row, readings, callSignal)
  } catch (error) {
    onFatal(error)
    throw error
  }
}
