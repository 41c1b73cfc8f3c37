import { open } from 'node:fs/promises'
import { CorruptInputError } from '../../stream/errors.js'

/** Words written at once: 256 KiB. */
const bufferWords = 65_536

/** A file of records of so many 32-bit words each, little-endian. */
export type RecordFile = {
  /** Adds one record; waits for the disk now and then. */
  push(...words: readonly number[]): Promise<void> | undefined
  close(): Promise<void>
}

const oneFloat = new Float32Array(1)
const itsWord = new Uint32Array(oneFloat.buffer)

/** A float32 as the word that stands for it in a record. */
export function wordOf(value: number): number {
  oneFloat[0] = value
  return itsWord[0]!
}

/** The float32 that a word of a record stands for. */
export function floatOf(word: number): number {
  itsWord[0] = word
  return oneFloat[0]!
}

/** Makes a file of records. */
export async function createRecordFile(path: string): Promise<RecordFile> {
  const file = await open(path, 'w')
  const buffer = new Uint32Array(bufferWords)
  let filled = 0
  const flush = async () => {
    const bytes = new Uint8Array(buffer.buffer, 0, 4 * filled)
    filled = 0
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
  }
  return {
    push(...words) {
      for (const word of words) buffer[filled++] = word
      return filled + 16 > bufferWords ? flush() : undefined
    },
    close: async () => {
      try {
        await flush()
      } finally {
        await file.close()
      }
    },
  }
}

/** The records of a file from record `from` on, some thousands at a time; an array is overwritten by the next. */
export async function* readRecords(path: string, width: number, from = 0): AsyncGenerator<Uint32Array> {
  const file = await open(path, 'r')
  const bytes = new Uint8Array(16_384 * 4 * width)
  let position = from * 4 * width
  try {
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, bytes.length, position)
      if (bytesRead === 0) return
      if (bytesRead % (4 * width) !== 0) throw new CorruptInputError(`${path} does not hold whole records`)
      position += bytesRead
      yield new Uint32Array(bytes.buffer, 0, bytesRead / 4)
    }
  } finally {
    await file.close()
  }
}
