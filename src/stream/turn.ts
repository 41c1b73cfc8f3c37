import { setImmediate } from 'node:timers/promises'

/** Lets waiting events have their turn, such as Ctrl-C, in the middle of long arithmetic; throws once `signal` aborts. */
export async function nextTurn(signal?: AbortSignal): Promise<void> {
  await setImmediate()
  signal?.throwIfAborted()
}
