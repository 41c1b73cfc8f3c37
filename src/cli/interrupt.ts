import { setMaxListeners } from 'node:events'

/** How long calls in flight may take to finish once a run was asked to stop, and how long the run itself may. */
const graceMs = 4000
const patienceMs = 20_000

export type Interrupt = {
  /** Aborts at the first SIGINT or SIGTERM: start nothing further. */
  readonly signal: AbortSignal
  /** Aborts some seconds later: give up what is in flight. */
  readonly callSignal: AbortSignal
  /** The exit code of the signal that came: 130 or 143; `undefined` when none did. */
  exitCode(): number | undefined
  /** Stops listening. */
  release(): void
}

/**
 * Turns Ctrl-C and SIGTERM into abort signals. The first one lets calls in flight finish, since they are paid for; the
 * second ends the process at once, which a run survives as it survives a crash.
 */
export function listenForInterrupt(say: (text: string) => void): Interrupt {
  const stop = new AbortController()
  const giveUp = new AbortController()
  setMaxListeners(0, stop.signal, giveUp.signal)
  let code: number | undefined
  let timer: NodeJS.Timeout | undefined
  const on = (signalCode: number) => () => {
    if (code !== undefined) process.exit(signalCode)
    code = signalCode
    say('Stopping: what is under way, such as calls, may take some seconds to finish. Press Ctrl-C again to stop now.')
    stop.abort(new Error('the run was interrupted'))
    timer = setTimeout(() => giveUp.abort(new Error('the run was interrupted')), graceMs)
    setTimeout(() => process.exit(signalCode), patienceMs).unref()
  }
  const onInt = on(130)
  const onTerm = on(143)
  process.on('SIGINT', onInt).on('SIGTERM', onTerm)
  return {
    signal: stop.signal,
    callSignal: giveUp.signal,
    exitCode: () => code,
    release: () => {
      clearTimeout(timer)
      process.off('SIGINT', onInt).off('SIGTERM', onTerm)
    },
  }
}
