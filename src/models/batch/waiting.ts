import { whenAborted } from '../../http/when-aborted.js'
import { explainFailure } from '../openai.js'
import type { Call, Reply } from '../types.js'

/** A call that is waited for. */
export type Waiter = { readonly call: Call; resolve(reply: Reply): void; reject(error: unknown): void }

/** The calls that are waited for, by their keys. */
export function waitingCalls() {
  const waiting = new Map<string, Waiter>()
  return {
    get: (key: string) => waiting.get(key),
    /** Waits for a call's reply, or until `stop` aborts: nothing in flight is lost then, as a batch goes on without us. */
    wait: (key: string, call: Call, { stop, onStop }: { stop?: AbortSignal | undefined; onStop(): void }) =>
      new Promise<Reply>((resolve, reject) => {
        const leave = () => {
          forget?.()
          waiting.delete(key)
        }
        const waiter: Waiter = {
          call,
          resolve: (reply) => {
            leave()
            resolve(reply)
          },
          reject: (error) => {
            leave()
            reject(explainFailure(error, call))
          },
        }
        const stopped = () => {
          onStop()
          waiter.reject(stop!.reason)
        }
        const forget = stop && whenAborted(stop, stopped)
        waiting.set(key, waiter)
      }),
    rejectAll(error: unknown) {
      for (const waiter of [...waiting.values()]) waiter.reject(error)
    },
  }
}
