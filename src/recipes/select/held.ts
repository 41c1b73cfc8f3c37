/** Rows that some pass of a selection holds at once, and the bytes of each, beside what every run holds. */
export type Held = { readonly what: string; readonly rows: number; readonly rowBytes: number }

/** Of a row in memory, beside its vector. */
export const besideVector = 150

/** Rows that `readByRank` gives at once: a sample with room for a quarter more, twice put in order, and what is kept of them. */
export function heldByRank(rows: number, dimensions: number): Held {
  return { what: `${rows} rows by rank of ${dimensions} dimensions`, rows, rowBytes: 18 * dimensions + besideVector }
}
