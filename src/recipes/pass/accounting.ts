import { chainTallies, checkTally, emptyTally, mergeTallies, type Tally, total } from '../../run/tally.js'
import type { RunView } from '../../run/types.js'
import { SluiceError } from '../../stream/errors.js'

/**
 * What became of every row of a run, over the chains of passes that rows go through: in + added = out + rejected + failed,
 * and the tallies of a chain join end to end.
 */
export function runTally(run: RunView, chains: readonly (readonly string[])[]): Tally {
  const passTally = (pass: string) =>
    run
      .committed(pass)
      .map((done) => done.tally)
      .reduce(mergeTallies, emptyTally)
  const joined = chains.map(([first, ...rest]) =>
    rest.reduce((sum, pass) => chainTallies(sum, passTally(pass), pass), passTally(first!)),
  )
  return checkTally(joined.reduce(mergeTallies, emptyTally), 'the run')
}

/** A tally as lines to show: `['rows read', 5812]`, …, `['rows written', 200]`. */
export function accountingLines(tally: Tally): [string, number][] {
  const group = (title: string, counts: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => [`${title}, ${reason}`, count])
  return [
    ['rows in', tally.in],
    ...group('added', tally.added ?? {}),
    ...group('rejected', tally.rejected),
    ...group('failed', tally.failed),
    ['rows out', tally.out],
    ['unaccounted for', tally.in + total(tally.added ?? {}) - tally.out - total(tally.rejected) - total(tally.failed)],
  ]
}

/** The tallies are what passes said; these are the rows that lie in the files. Rows merely not chosen are not listed. */
export function requireAll(tally: Tally, { out, listed }: { out: number; listed: number }): void {
  const lost = total(tally.rejected) + total(tally.failed) - (tally.rejected['choose: not chosen'] ?? 0)
  if (out === tally.out && listed === lost) return
  throw new SluiceError(
    'E_ACCOUNTING',
    70,
    `${out} of ${tally.out} rows were written, ${listed} of ${lost} lost ones listed`,
    {
      fix: 'This is a bug in sluice: please report it with the command you ran.',
    },
  )
}
