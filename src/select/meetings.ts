/** Rows that have a key of two words in common. */
export type Meetings = {
  /** Takes a row in and tells which earlier ones of its key to compare it with: the first, and the one before it. */
  meet(low: number, high: number, row: number): readonly number[]
}

const none: readonly number[] = []

/** Makes an empty hash table of keys (open addressing, 16 bytes a place, doubled at three quarters). */
export function createMeetings(): Meetings {
  let places = 1024
  let table = new Uint32Array(4 * places)
  let filled = 0
  /** Where a key stands or would stand; a place is free while both words of its key are 0. */
  const find = (low: number, high: number) => {
    let place = (low ^ Math.imul(high, 0x9e3779b1)) & (places - 1)
    for (;;) {
      const at = 4 * place
      if ((table[at] === low && table[at + 1] === high) || (table[at] === 0 && table[at + 1] === 0)) return at
      place = (place + 1) & (places - 1)
    }
  }
  const grow = () => {
    const old = table
    places *= 2
    table = new Uint32Array(4 * places)
    for (let at = 0; at < old.length; at += 4) {
      if (old[at] !== 0 || old[at + 1] !== 0) table.set(old.subarray(at, at + 4), find(old[at]!, old[at + 1]!))
    }
  }
  return {
    meet(low, high, row) {
      const at = find(low, high)
      if (table[at] === 0 && table[at + 1] === 0) {
        table[at] = low
        table[at + 1] = high
        table[at + 2] = row
        table[at + 3] = row
        if (++filled > 0.75 * places) grow()
        return none
      }
      const [first, last] = [table[at + 2]!, table[at + 3]!]
      table[at + 3] = row
      return first === last ? [first] : [first, last]
    },
  }
}
