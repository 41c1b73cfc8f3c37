import { batch } from '../../src/stream/batch.js'
import { keep } from '../../src/stream/keep.js'
import { map } from '../../src/stream/map.js'
import { mapConcurrent } from '../../src/stream/map-concurrent.js'
import { compose } from '../../src/stream/pipe.js'
import { type LawRow, obeysStageLaws } from '../laws.js'

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const even = (row: LawRow) => (Number(row.id.slice(2)) % 2 === 0 ? undefined : 'odd')

obeysStageLaws('map', () => map((row) => ({ id: row.id, length: row.text.length })))
obeysStageLaws('keep', () => keep<LawRow>('parity', even, () => {}))
obeysStageLaws('batch', () => batch<LawRow>({ rows: 8 }), { mayPull: 2 })
obeysStageLaws('compose of nothing', () => compose<LawRow>())
obeysStageLaws(
  'compose',
  () =>
    compose(
      keep<LawRow>('parity', even, () => {}),
      batch({ rows: 3 }),
    ),
  { mayPull: 2 },
)
obeysStageLaws(
  'mapConcurrent',
  () =>
    mapConcurrent(
      async (row: LawRow) => {
        await pause(Number(row.id.slice(2)) % 3)
        return { id: row.id }
      },
      { concurrency: 4 },
    ),
  { mayPull: 5 },
)
