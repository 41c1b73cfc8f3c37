import { setMaxListeners } from 'node:events'
import { type Call, CallFailure, type Model } from '../models/types.js'
import type { RejectLog } from '../run/reject-log.js'
import { mapConcurrent } from '../stream/map-concurrent.js'
import type { Row, Stage } from '../stream/types.js'
import type { Prompt, Unread } from './types.js'

/** How a model is to draw its reply; absent values are left to the provider. */
export type Sampling = Pick<Call, 'maxTokens' | 'temperature' | 'topP' | 'presencePenalty' | 'stop' | 'keepCutOff'>

export type AskOptions<In, Out> = {
  model: Model
  log: RejectLog
  sampling: Sampling
  concurrency: number
  /** Replies asked for a row; default 1. */
  samples?: number
  /** Which of the replies that could be read to take; default the first. */
  choose?: (row: In, readings: readonly Out[]) => Promise<Out | Unread>
  /** No further row is started once this aborts. */
  signal?: AbortSignal
  /** Calls in flight are given up once this aborts. */
  callSignal?: AbortSignal
  /** Told of an error that ends the run, while other calls are still in flight. */
  onFatal?: (error: unknown) => void
}

/** How long calls in flight may go on once one has met what ends the run, such as a refused key. */
const graceMs = 3000

/**
 * A signal for all calls of some stages that aborts with `callSignal`, or some seconds after one of them met an error
 * that ends the run: the others may be paid for, but a server that hangs must not hide the error.
 */
export function callGuard(callSignal?: AbortSignal): { callSignal: AbortSignal; onFatal: (error: unknown) => void } {
  const giveUp = new AbortController()
  setMaxListeners(0, giveUp.signal)
  callSignal?.addEventListener('abort', () => giveUp.abort(callSignal.reason), { once: true })
  return {
    callSignal: giveUp.signal,
    // The reason is what ended the run, since a call that is given up may be the first to be heard of.
    onFatal: (error) => setTimeout(() => giveUp.abort(error), graceMs).unref(),
  }
}

/**
 * Asks the model about every row and joins what `prompt` reads in the reply to the row. A row whose replies cannot be
 * read leaves as rejected with the reader's reason; one the model cannot answer leaves as failed.
 */
export function ask<In extends Row, Out extends object>(
  stage: string,
  prompt: Prompt<In, Out>,
  options: AskOptions<In, Out>,
): Stage<In, In & Out> {
  const { concurrency, signal, log } = options
  const about = async (row: In) => ({ row, outcome: await askAbout(stage, prompt, row, options) })
  const answers = mapConcurrent(about, { concurrency, signal })
  return async function* (source) {
    for await (const batch of answers(source)) {
      const answered: (In & Out)[] = []
      for (const { row, outcome } of batch) {
        if (isLost(outcome)) logLost(log, { id: row.id, stage }, outcome)
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
export function logLost(log: RejectLog, { id, stage }: { id: string; stage: string }, lost: Lost): void {
  if (!(lost instanceof CallFailure)) {
    log.reject({ id, stage, reason: lost.unread })
    return
  }
  const { attempts, status, reason, message } = lost
  log.fail({ id, stage, reason, detail: message, attempts, ...(status === undefined ? {} : { status }) })
}

/**
 * Asks the model about one row, `samples` times, and reads the replies; for a stage whose rows take turns of their own.
 * Rejects only with what must end the run.
 */
export async function askAbout<In extends Row, Out extends object>(
  stage: string,
  prompt: Prompt<In, Out>,
  row: In,
  { model, sampling, samples = 1, choose, callSignal, onFatal }: Omit<AskOptions<In, Out>, 'log' | 'concurrency'>,
): Promise<Out | Lost> {
  const messages = prompt.write(row)
  const readings: Out[] = []
  let lost: Lost = { unread: 'no reply' }
  for (let ordinal = 0; ordinal < samples; ordinal++) {
    const call: Call = { messages, rowId: row.id, stage, ordinal, ...sampling }
    try {
      const { text, finish } = await model.ask(call, { signal: callSignal })
      const reading = prompt.read(text, row, finish === 'length')
      if ('unread' in reading) lost = reading as Unread
      else readings.push(reading)
    } catch (error) {
      // One sample that cannot be had does not spoil the others.
      if (!(error instanceof CallFailure)) {
        onFatal?.(error)
        throw error
      }
      lost = error
    }
  }
  if (readings.length === 0) return lost
  return choose ? choose(row, readings) : readings[0]!
}
