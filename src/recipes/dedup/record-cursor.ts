import { closeSync, openSync, readSync } from 'node:fs'

/** Reads a file of records, whose first words never fall, on from where it was. */
export type RecordCursor = {
  /** Takes the records whose first word is below `limit`, one after another: the words, and where the record begins. */
  takeBefore(limit: number, take: (words: Uint32Array, at: number) => void): void
}

/** Records read at once of one file, and of all that are read side by side. */
const [mostAhead, allAhead] = [4096, 2 ** 22]

/** Opens a cursor for each file; they are closed between readings, as there may be more than a process may hold open. */
export function openRecordCursors(paths: readonly string[], width: number): RecordCursor[] {
  const ahead = Math.max(64, Math.min(mostAhead, Math.floor(allAhead / paths.length)))
  return paths.map((path) => createRecordCursor(path, width, ahead))
}

function createRecordCursor(path: string, width: number, readAhead: number): RecordCursor {
  let words = new Uint32Array(0)
  let at = 0
  let position = 0
  const refill = () => {
    const bytes = new Uint8Array(4 * width * readAhead)
    const file = openSync(path, 'r')
    try {
      const read = readSync(file, bytes, 0, bytes.length, position)
      words = new Uint32Array(bytes.buffer, 0, read / 4)
      position += read
      at = 0
    } finally {
      closeSync(file)
    }
  }
  return {
    takeBefore(limit, take) {
      for (;;) {
        if (at === words.length) refill()
        if (words.length === 0 || words[at]! >= limit) return
        take(words, at)
        at += width
      }
    },
  }
}
