import type { ChatRequest } from './openai-server.mjs'

/**
 * What goes wrong at a request: it fails, never arrives (`unsent`), is done but its answer lost, its answer is cut or, as a
 * whole one, has a line less (`short`).
 */
export type StepFault = '500' | '401' | '404' | 'unsent' | 'lost' | 'cut' | 'short'

/** What becomes of a line that is not answered well. */
export type LineFault = '500' | '400' | 'missing' | 'expired' | 'cancelled' | 'length'

export type StoredBatch = { id: string; status: string; lines: string[]; number: number }

export type BatchServerOptions = {
  reply?: (request: ChatRequest) => string
  /** Looks at a batch until it is over. */
  looks?: number
  /** By the step, such as `POST /batches` or `GET /files/ID/content`, and how often it has come, from 1 up. */
  fault?: (step: string, count: number) => StepFault | undefined
  /** By the key of a line and how often it has been asked, from 1 up. */
  lineFault?: (key: string, attempt: number) => LineFault | undefined
  /** How a batch ends, by its number from 1 up; default completed. `full` fails it for want of room in the account. */
  endOf?: (number: number) => 'completed' | 'failed' | 'full' | 'expired' | 'cancelled' | undefined
  /** Whether it forgets what batches were called. */
  hidesMetadata?: boolean
  /** Told of the n-th request after it was done and before it is answered; true loses the answer. */
  onRequest?: (n: number, step: string) => boolean | undefined
}

export type BatchServer = {
  /** Where the API begins. */
  readonly url: string
  /** Answered lines by key: what a real server would have been paid for. */
  readonly paid: ReadonlyMap<string, number>
  /** Every request in order, by its step. */
  readonly seen: readonly string[]
  readonly batches: ReadonlyMap<string, StoredBatch>
  readonly files: ReadonlyMap<string, string>
  close(): Promise<void>
}

/** Starts the server on 127.0.0.1. */
export function startBatchServer(options?: BatchServerOptions): Promise<BatchServer>
