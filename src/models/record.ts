import { writeFile } from 'node:fs/promises'
import { asDiskError } from '../stream/errors.js'
import { canonicalJson } from './key.js'
import { CallFailure, type Model } from './types.js'
import { type Answer, type Question, wrapped } from './wrapped.js'

/** A call and what came of it, a line of a recording. */
export type Recorded =
  | { readonly call: Question; readonly reply: Answer }
  | { readonly call: Question; readonly failure: { reason: string; attempts: number; status?: number } }

/**
 * The same model, its calls written to `path` as JSON lines when it is closed, in an order that does not depend on who was
 * answered first; held in memory until then, since recordings are for tests. `replayModel` answers from it. Belongs
 * outside `journalled`, so that replies from the journal are recorded too.
 */
export function recorded(model: Model, path: string): Model {
  const lines: string[] = []
  const add = (line: Recorded) => void lines.push(canonicalJson(line))
  const noting = wrapped(model, (send) => async (call, options) => {
    try {
      const reply = await send(call, options)
      add({ call, reply })
      return reply
    } catch (error) {
      if (error instanceof CallFailure) {
        const { reason, attempts, status } = error
        add({ call, failure: { reason, attempts, ...(status === undefined ? {} : { status }) } })
      }
      throw error
    }
  })
  return {
    ...noting,
    async close() {
      try {
        await model.close?.()
      } finally {
        const text = lines.sort().map((line) => `${line}\n`)
        await writeFile(path, text.join(''), { mode: 0o600 }).catch((error) => {
          throw asDiskError(error, path)
        })
      }
    },
  }
}
