import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunView } from '../../run/types.js'
import { rowId } from '../select/corpus.js'
import { readTiles } from '../select/tiles.js'
import { createFilePair } from './file-pair.js'
import { createOpenFiles, type OpenFiles } from './open-files.js'
import type { DedupConfig } from './options.js'
import { numberRows } from './row-numbers.js'

/** Spills the ids of a scan's rows, so that one of any row can be read. */
export type IdFile = { push(local: number, id: string): Promise<void>; finish(rows: number): Promise<void> }

const textFile = 'ids.txt'
/** Where each id ends in the text file, as float64. */
const endsFile = 'ids.ends'

/** Begins an id file in a task's folder; rows that are left out have an empty id. */
export async function createIdFile(folder: string): Promise<IdFile> {
  const [texts, ends] = await createFilePair(folder, [textFile, endsFile])
  let pending: string[] = []
  let pendingEnds: number[] = []
  let written = 0
  let row = 0
  const flush = async () => {
    await writeAll(texts, Buffer.from(pending.join('')))
    await writeAll(ends, Buffer.from(Float64Array.from(pendingEnds).buffer))
    pending = []
    pendingEnds = []
  }
  const skipTo = (next: number) => {
    for (; row < next; row++) pendingEnds.push(written)
  }
  return {
    async push(local, id) {
      skipTo(local)
      pending.push(id)
      written += Buffer.byteLength(id)
      skipTo(local + 1)
      if (pendingEnds.length >= 8192) await flush()
    },
    async finish(rows) {
      skipTo(rows)
      try {
        await flush()
      } finally {
        await Promise.all([texts.close(), ends.close()])
      }
    },
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}

/** The id of any row by its number: made from its shard and place, or read from what the scan spilled. */
export function openRowIds(
  run: RunView,
  { idColumn }: Pick<DedupConfig, 'idColumn'>,
): { idOf(row: number): string; close(): void } {
  const numbers = numberRows(run)
  const files = createOpenFiles()
  return {
    idOf(row) {
      const { scanned, first } = numbers.stretchOf(row)
      const local = row - first
      const { task, folder } = scanned
      const spilled = idColumn === undefined ? '' : readId(files, folder, local)
      return spilled === '' ? rowId(run.plan.shards[task.shard!]!, (task.rows?.start ?? 0) + local) : spilled
    },
    close: files.close,
  }
}

function readId(files: OpenFiles, folder: string, local: number): string {
  const bounds = new Float64Array(2)
  const part = new Uint8Array(bounds.buffer, local === 0 ? 8 : 0)
  files.read(join(folder, endsFile), part, 8 * Math.max(0, local - 1))
  const id = Buffer.alloc(bounds[1]! - bounds[0]!)
  files.read(join(folder, textFile), id, bounds[0]!)
  return id.toString()
}

/** The number of the row of an id, its own or made from its shard and place; nothing where no row was scanned under it. */
export async function findRowNumber(
  run: RunView,
  { idColumn }: Pick<DedupConfig, 'idColumn'>,
  id: string,
): Promise<number | undefined> {
  const { stretches } = numberRows(run)
  for (const { scanned, first } of idColumn === undefined ? [] : stretches) {
    const local = await placeOf(scanned.folder, id)
    if (local !== undefined) return first + local
  }
  const [, name, number] = /^(.*)#(\d+)$/s.exec(id) ?? []
  const found = stretches.find(({ scanned: { task }, rows }) => {
    const start = task.rows?.start ?? 0
    return run.plan.shards[task.shard!]!.name === name && Number(number) >= start && Number(number) < start + rows
  })
  return found && found.first + Number(number) - (found.scanned.task.rows?.start ?? 0)
}

/** Where an id stands in a file of them. */
async function placeOf(folder: string, id: string): Promise<number | undefined> {
  const wanted = Buffer.from(id)
  const texts = await open(join(folder, textFile), 'r')
  try {
    let [row, start] = [0, 0]
    for await (const bytes of readTiles(join(folder, endsFile), { rows: 8192, rowBytes: 8 })) {
      const ends = new Float64Array(bytes.buffer, 0, bytes.length / 8)
      const block = Buffer.alloc(ends.at(-1)! - start)
      await texts.read(block, 0, block.length, start)
      let from = 0
      for (const end of ends) {
        if (end > start + from && block.subarray(from, end - start).equals(wanted)) return row
        from = end - start
        row++
      }
      start = ends.at(-1)!
    }
  } finally {
    await texts.close()
  }
  return undefined
}
