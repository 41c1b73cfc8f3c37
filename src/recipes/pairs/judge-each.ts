import { mapConcurrent } from '../../stream/map-concurrent.js'
import type { Row, Stage } from '../../stream/types.js'
import { isLost, type Lost, logLost } from '../ask/ask.js'
import type { Asking } from '../ask/asking.js'

/** Why a row has no judgement, and the stage that it was lost at. */
export type LostAt = { readonly stage: string; readonly lost: Lost }

/**
 * Judges every row by questions of its own, several rows at a time; one without a judgement leaves where it was lost. `judge`
 * calls `onSend` once the model is asked about its row, whose place in line the next row then takes.
 */
export function judgeEach<In extends Row, Out extends Row>(
  judge: (row: In, onSend: () => void) => Promise<Out | LostAt>,
  { concurrency, waiting, signal, log }: Asking,
): Stage<In, Out> {
  const about = async (row: In, onSend: () => void) => ({ id: row.id, judged: await judge(row, onSend) })
  return async function* (source) {
    for await (const rows of mapConcurrent(about, { concurrency, waiting, signal })(source)) {
      const kept: Out[] = []
      for (const { id, judged } of rows) {
        if ('lost' in judged && isLost(judged.lost)) logLost(log, { id, stage: judged.stage }, judged.lost)
        else kept.push(judged as Out)
      }
      if (kept.length > 0) yield kept
    }
  }
}
