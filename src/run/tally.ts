import { SluiceError } from '../stream/errors.js'

/**
 * What became of rows, so that `in + added = out + rejected + failed` can be checked. Keys are `stage: reason`; `added`
 * counts rows that a pass made beyond those it took, such as the tasks a model thought up.
 */
export type Tally = {
  readonly in: number
  readonly added?: Readonly<Record<string, number>>
  readonly out: number
  readonly rejected: Readonly<Record<string, number>>
  readonly failed: Readonly<Record<string, number>>
}

export const emptyTally: Tally = { in: 0, out: 0, rejected: {}, failed: {} }

/** The tally of two sets of rows that went through the same stages side by side. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  return {
    in: a.in + b.in,
    ...addedBy(a, b),
    out: a.out + b.out,
    rejected: addCounts(a.rejected, b.rejected),
    failed: addCounts(a.failed, b.failed),
  }
}

/** The tally of rows that went through `first` and then `next`; a bug is reported where the two do not join. */
export function chainTallies(first: Tally, next: Tally, where: string): Tally {
  if (first.out !== next.in) {
    throw accountingError(`${first.out} rows left the pass before ${where}, and ${next.in} entered it`)
  }
  return {
    in: first.in,
    ...addedBy(first, next),
    out: next.out,
    rejected: addCounts(first.rejected, next.rejected),
    failed: addCounts(first.failed, next.failed),
  }
}

/** The identity every pass and every run must close: in + added = out + rejected + failed. */
export function checkTally(tally: Tally, where: string): Tally {
  const came = tally.in + total(tally.added ?? {})
  const left = tally.out + total(tally.rejected) + total(tally.failed)
  if (came !== left) throw accountingError(`${where} took or made ${came} rows and accounts for ${left}`)
  return tally
}

/** The sum of a tally's counts by reason. */
export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** Left out where nothing was added, so that the manifest of a run that only takes away says no more than it must. */
function addedBy(a: Tally, b: Tally): Pick<Tally, 'added'> {
  return a.added || b.added ? { added: addCounts(a.added ?? {}, b.added ?? {}) } : {}
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a }
  for (const [reason, count] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + count
  return Object.fromEntries(Object.entries(sum).sort(([x], [y]) => (x < y ? -1 : 1)))
}

function accountingError(message: string): SluiceError {
  return new SluiceError('E_ACCOUNTING', 70, `Rows are unaccounted for: ${message}`, {
    fix: 'This is a bug in sluice: please report it with the command you ran.',
  })
}
