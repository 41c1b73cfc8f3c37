import { createHash } from 'node:crypto'
import { openFile } from '../../formats/files.js'

const endBytes = 64 * 1024

/**
 * Names a shard by its size and the bytes at either end, wherever it lies and whenever it was written. A Parquet file's last
 * bytes tell of all of it; what else may change between the ends shows in the hashes of the texts.
 */
export async function shardKey(path: string, columns: readonly string[]): Promise<string> {
  const file = await openFile(path)
  try {
    const { size } = file
    const hash = createHash('sha256').update(JSON.stringify({ columns, size }))
    hash.update(new Uint8Array(await file.read(0, Math.min(size, endBytes))))
    hash.update(new Uint8Array(await file.read(Math.max(0, size - endBytes), size)))
    return hash.digest('hex').slice(0, 32)
  } finally {
    await file.close()
  }
}
