import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fingerprinter } from '../../select/fingerprint.js'
import { createFilePair } from './file-pair.js'
import { createOpenFiles } from './open-files.js'
import type { RowNumbers, Stretch } from './row-numbers.js'

/** Rows of a block of keys: one band of a block lies on end, 32 KiB of it. */
const blockRows = 4096
const keysFile = 'keys.bin'
const marksFile = 'marks.bin'

export type FingerprintFile = {
  /** Spills the fingerprint of the row at a place of its scan; places come in order, and some may be left out. */
  push(local: number, text: string): Promise<void>
  finish(rows: number): Promise<void>
}

/** Begins the files of a scan's fingerprints: keys in blocks, band by band, and the bytes row after row. */
export async function createFingerprintFile(folder: string, fingerprint: Fingerprinter): Promise<FingerprintFile> {
  const { bands, bytes } = fingerprint
  const [keysOut, marksOut] = await createFilePair(folder, [keysFile, marksFile])
  const key = new Uint32Array(2 * bands)
  const keys = new Uint32Array(2 * bands * blockRows)
  const marks = new Uint8Array(bytes * blockRows)
  let blockStart = 0
  const flush = async (rows: number) => {
    for (let band = 0; band < bands; band++) {
      await keysOut.writeFile(new Uint8Array(keys.buffer, 8 * band * blockRows, 8 * rows))
    }
    await marksOut.writeFile(marks.subarray(0, bytes * rows))
    keys.fill(0)
    marks.fill(0)
    blockStart += rows
  }
  return {
    async push(local, text) {
      while (local >= blockStart + blockRows) await flush(blockRows)
      const at = local - blockStart
      fingerprint.mark(text, key, marks.subarray(at * bytes, (at + 1) * bytes))
      for (let band = 0; band < bands; band++) {
        keys[2 * (band * blockRows + at)] = key[2 * band]!
        keys[2 * (band * blockRows + at) + 1] = key[2 * band + 1]!
      }
    },
    async finish(rows) {
      try {
        while (blockStart + blockRows < rows) await flush(blockRows)
        await flush(rows - blockStart)
      } finally {
        await Promise.all([keysOut.close(), marksOut.close()])
      }
    },
  }
}

/** The keys of one band of a scan, two words a row, a block at a time; an array is overwritten by the next. */
export async function* readBand(
  { scanned, rows }: Stretch,
  { bands, band }: { bands: number; band: number },
): AsyncGenerator<Uint32Array> {
  const file = await open(join(scanned.folder, keysFile), 'r')
  const block = new Uint8Array(8 * blockRows)
  try {
    for (let from = 0; from < rows; from += blockRows) {
      const count = Math.min(blockRows, rows - from)
      const position = 8 * (bands * from + band * count)
      const { bytesRead } = await file.read(block, 0, 8 * count, position)
      yield new Uint32Array(block.buffer, 0, bytesRead / 4)
    }
  } finally {
    await file.close()
  }
}

/** Reads the bytes of any row's fingerprint. */
export function openMarks(
  numbers: RowNumbers,
  bytes: number,
): { read(row: number, into: Uint8Array): void; close(): void } {
  const files = createOpenFiles()
  return {
    read(row, into) {
      const { scanned, first } = numbers.stretchOf(row)
      files.read(join(scanned.folder, marksFile), into.subarray(0, bytes), (row - first) * bytes)
    },
    close: files.close,
  }
}
