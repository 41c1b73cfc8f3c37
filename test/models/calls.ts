import type { Call } from '../../src/models/types.js'

/** A call with whatever matters to the test. */
export function callOf(fields: Partial<Call> = {}): Call {
  return {
    messages: [{ role: 'user', content: 'Hello there' }],
    rowId: 'a#0',
    stage: 'instruct',
    ordinal: 0,
    maxTokens: 50,
    ...fields,
  }
}

/** The error a promise rejects with; fails where it resolves. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`Expected a rejection, got ${JSON.stringify(value)}`)
    },
    (error) => error,
  )
}
