import type { Columns } from '../../formats/index.js'
import type { Batches } from '../../stream/types.js'
import { textOf } from '../pass/conversation.js'

/** What some work took of this process: time on the wall, and of the processors, all threads together. */
export type Cost = { readonly seconds: number; readonly cpuSeconds: number }

/** Rows on their way to a stage, and what fetching them has cost, which is not the stage's. */
export type Clocked = {
  readonly rows: Batches<Columns>
  /** What went by so far, and what it cost to fetch. */
  seen(): Cost & { readonly rows: number; readonly bytes: number }
}

/** The cost of everything this process has done. */
export function costSoFar(): Cost {
  const { user, system } = process.cpuUsage()
  return { seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6 }
}

/** What was added to the cost since then. */
export function costSince(then: Cost): Cost {
  const now = costSoFar()
  return { seconds: now.seconds - then.seconds, cpuSeconds: now.cpuSeconds - then.cpuSeconds }
}

export type Bounds = { rows?: number | undefined; seconds: number }

/** Lets rows through until there are so many or so much time went by, and counts them and the bytes of their texts. */
export function clocked(source: Batches<Columns>, textColumn: string, { rows: most, seconds }: Bounds): Clocked {
  const seen = { rows: 0, bytes: 0, seconds: 0, cpuSeconds: 0 }
  async function* pass(): AsyncGenerator<readonly Columns[]> {
    const began = costSoFar()
    let asked = began
    for await (const batch of source) {
      const left = most === undefined ? batch.length : Math.min(batch.length, most - seen.rows)
      const rows = batch.slice(0, left)
      for (const row of rows) {
        const text = textOf(row[textColumn])
        if (typeof text === 'string') seen.bytes += Buffer.byteLength(text)
      }
      seen.rows += rows.length
      const { seconds: waited, cpuSeconds } = costSince(asked)
      seen.seconds += waited
      seen.cpuSeconds += cpuSeconds
      yield rows
      if (seen.rows === most || costSince(began).seconds >= seconds) return
      asked = costSoFar()
    }
  }
  return { rows: pass(), seen: () => ({ ...seen }) }
}
