import { appendFileSync, closeSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { asDiskError } from '../../stream/errors.js'

/** Files of records of so many 32-bit words each, by number, of which there may be thousands. */
export type RecordFiles = {
  /** Adds a record to a file. Writes are synchronous and seldom. */
  push(file: number, ...words: readonly number[]): void
  /** The records of a file, some thousands at a time; an array is overwritten by the next. */
  read(file: number): Generator<Uint32Array>
  /** Removes a file that is not needed any more. */
  drop(file: number): void
}

/** Records that wait to be written, of one file. */
const waitingRecords = 1024

/** Opens no file until there is something to write, and none for longer than that takes. */
export function openRecordFiles(folder: string, name: string, width: number): RecordFiles {
  const waiting = new Map<number, { words: Uint32Array<ArrayBuffer>; filled: number }>()
  const written = new Set<number>()
  const pathOf = (file: number) => join(folder, `${name}-${file}.bin`)
  const flush = (file: number) => {
    const own = waiting.get(file)
    if (own === undefined || own.filled === 0) return
    try {
      appendFileSync(pathOf(file), new Uint8Array(own.words.buffer, 0, 4 * own.filled))
    } catch (error) {
      throw asDiskError(error, pathOf(file))
    }
    written.add(file)
    own.filled = 0
  }
  return {
    push(file, ...words) {
      let own = waiting.get(file)
      if (own === undefined) {
        own = { words: new Uint32Array(width * waitingRecords), filled: 0 }
        waiting.set(file, own)
      }
      for (const word of words) own.words[own.filled++] = word
      if (own.filled === own.words.length) flush(file)
    },
    *read(file) {
      flush(file)
      if (!written.has(file)) return
      const open = openSync(pathOf(file), 'r')
      try {
        const bytes = new Uint8Array(16_384 * 4 * width)
        for (let position = 0; ; ) {
          const read = readSync(open, bytes, 0, bytes.length, position)
          if (read === 0) return
          position += read
          yield new Uint32Array(bytes.buffer, 0, read / 4)
        }
      } finally {
        closeSync(open)
      }
    },
    drop(file) {
      waiting.delete(file)
      if (written.delete(file)) rmSync(pathOf(file))
    },
  }
}
