import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import type { Pass } from '../../run/types.js'
import { createExactFingerprint, type Fingerprinter } from '../../select/fingerprint.js'
import { createMeetings } from '../../select/meetings.js'
import { createMinHash } from '../../select/minhash.js'
import { createFingerprintFile, readBand } from './fingerprint-file.js'
import type { DedupConfig } from './options.js'
import { createRecordFile } from './record-file.js'
import { numberRows } from './row-numbers.js'
import type { TextSpill } from './scan.js'

/** The fingerprints that a config asks for. */
export function fingerprintOf({ by, bands, bandRows, ngram, seed }: DedupConfig): Fingerprinter {
  return by === 'exact' ? createExactFingerprint() : createMinHash({ bands, rows: bandRows, ngram, seed })
}

/** Spills fingerprints. */
export async function fingerprintSpill(folder: string, config: DedupConfig): Promise<TextSpill> {
  const file = await createFingerprintFile(folder, fingerprintOf(config))
  return {
    push: async (rows, localOf) => {
      for (const row of rows) await file.push(localOf(row), row.text)
    },
    finish: file.finish,
  }
}

/** What a task of the pass leaves for every slice of the keys: pairs (later row, earlier row), by the later. */
export const pairFile = (slice: number) => `pairs-${String(slice).padStart(5, '0')}.bin`

/** How many slices the keys of a corpus are taken in; each reads all keys of the band, and holds those of its own. */
export const sliceCount = (rows: number, sliceRows: number) => Math.max(1, Math.ceil(rows / sliceRows))

/**
 * Finds the rows that have a key in common, a task a band. Of those of one key each is paired with the first and with the one
 * before it: a key that a million rows share then costs two million pairs and not their square.
 */
export function matchPass(config: DedupConfig, sliceRows: number): Pass {
  const { bands } = fingerprintOf(config)
  return {
    name: 'match',
    tasks: async () => Array.from({ length: bands }, (_, band) => ({ id: `band-${String(band).padStart(3, '0')}` })),
    async work(task, context) {
      const numbers = numberRows(context)
      const slices = sliceCount(numbers.total, sliceRows)
      const band = Number(task.id.slice('band-'.length))
      for (let slice = 0; slice < slices; slice++) {
        const pairs = await createRecordFile(join(context.folder, pairFile(slice)))
        const meetings = createMeetings()
        try {
          for (const stretch of numbers.stretches) {
            let row = stretch.first
            for await (const keys of readBand(stretch, { bands, band })) {
              context.signal.throwIfAborted()
              for (let at = 0; at < keys.length; at += 2, row++) {
                const [low, high] = [keys[at]!, keys[at + 1]!]
                if ((low === 0 && high === 0) || (slices > 1 && low % slices !== slice)) continue
                for (const earlier of meetings.meet(low, high, row)) await pairs.push(row, earlier)
              }
            }
          }
        } finally {
          await pairs.close()
        }
      }
      return emptyTally
    },
  }
}
