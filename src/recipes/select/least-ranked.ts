import { type ClusteredRow, createQuotaPick } from '../../select/quota.js'
import { createQuotaCuts } from '../../select/quota-cuts.js'
import type { Batches } from '../../stream/types.js'
import { type Chosen, inCorpusOrder } from './chosen.js'
import type { SelectionConfig } from './options.js'

/** A row that may be chosen: `distance` is its rank in its cluster, or in whatever group has a quota. */
export type Candidate = ClusteredRow & { readonly place: Chosen }

/** Rows to choose that are held; of more only the ranks are, and the corpus's ids are read three times. */
const mostHeld = 2 ** 16
/** Of a row that is held, with all that is made of it until it is written; of one of which the rank is; of its id beside others. */
const [heldBytes, rankBytes, idBytes] = [1024, 16, 150]

/** What {@link leastRanked} and the passes after it hold of the rows to choose. */
export function leastRankedBytes({ select, idColumn }: SelectionConfig): number {
  const most = Math.min(select, mostHeld)
  return heldBytes * most + (select - most) * (rankBytes + (idColumn === undefined ? 0 : idBytes))
}

/**
 * Of each group as many rows as its quota says, those of least rank, the lower id on ties; in corpus order. `candidates` reads
 * them anew whenever it is called.
 */
export async function* leastRanked(
  candidates: () => Batches<Candidate>,
  quotas: ArrayLike<number>,
  { held = mostHeld } = {},
): AsyncGenerator<readonly Chosen[]> {
  if (Array.from(quotas).reduce((sum, quota) => sum + quota, 0) <= held) {
    yield inCorpusOrder((await pickOf(candidates(), quotas)).map(({ place }) => place))
    return
  }
  const cuts = createQuotaCuts(quotas)
  for await (const rows of candidates()) for (const { cluster, distance } of rows) cuts.push(cluster, distance)
  const { ranks, ties } = cuts.finish()
  const last = ({ cluster, distance }: Candidate) => distance === ranks[cluster]
  const tied = new Set((await pickOf(candidates(), ties, last)).map(({ id }) => id))
  for await (const rows of candidates()) {
    yield rows
      .filter((row) => row.distance < ranks[row.cluster]! || (last(row) && tied.has(row.id)))
      .map(({ place }) => place)
  }
}

async function pickOf(
  source: Batches<Candidate>,
  quotas: ArrayLike<number>,
  may: (row: Candidate) => boolean = () => true,
): Promise<Candidate[]> {
  const pick = createQuotaPick<Candidate>({ quotas, seed: 0, inside: 'nearest' })
  for await (const rows of source) for (const row of rows) if (may(row)) pick.push(row)
  return pick.finish()
}
