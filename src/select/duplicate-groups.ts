/** Why a row is left out: it is like `of`, and of its group only the first row, `kept`, stays. */
export type Duplicate = { readonly row: number; readonly of: number; readonly score: number }

/** Groups of rows that are duplicates of each other, directly or by way of others. */
export type DuplicateGroups = {
  /** Joins the groups of two rows; the pairs must come with their later row never falling. */
  join(later: number, earlier: number, score: number): void
  /** The first row of a row's group. */
  firstOf(row: number): number
  /** Rows that were first of their group until a later row joined it to an older one; by row. */
  bridged(): Duplicate[]
}

/**
 * Union-find over rows 0 to `rows` − 1, the least row of a group its root, with path halving: 4 bytes a row. A row stops
 * being first of its group once at most: as the later row of a pair, or because a still later one is like two groups.
 */
export function createDuplicateGroups(rows: number): DuplicateGroups {
  const parents = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) parents[row] = row
  const bridges: Duplicate[] = []
  const firstOf = (given: number) => {
    let row = given
    while (parents[row] !== row) {
      parents[row] = parents[parents[row]!]!
      row = parents[row]!
    }
    return row
  }
  return {
    firstOf,
    join(later, earlier, score) {
      const [a, b] = [firstOf(later), firstOf(earlier)]
      if (a === b) return
      const loser = Math.max(a, b)
      parents[loser] = Math.min(a, b)
      if (loser !== later) bridges.push({ row: loser, of: later, score })
    },
    bridged: () => [...bridges].sort((a, b) => a.row - b.row),
  }
}
