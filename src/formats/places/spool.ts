import { createHash, randomUUID } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { asDiskError } from '../../stream/errors.js'

/** Bytes kept on disk until their place can have them: it wants to know the size and the hash before the first of them. */
export type Spool = {
  readonly bytes: number
  write(block: Uint8Array): Promise<void>
  /** SHA-256 of all bytes, in hexadecimal digits; nothing can be written after it. */
  sha256(): string
  /** The bytes from `start` up to `end`, read as they are taken. */
  stream(start: number, end: number): Readable
  /** Gives the disk space back; may be called again. */
  close(): Promise<void>
}

const blockBytes = 256 << 10

/** A spool in the system's temporary folder, in a file without a name: nothing stays of it, even where the process is killed. */
export async function openSpool(): Promise<Spool> {
  const path = join(tmpdir(), `sluice-${randomUUID()}`)
  const onDisk = <T>(work: Promise<T>) => work.catch((error) => Promise.reject(asDiskError(error, path)))
  const handle = await onDisk(open(path, 'wx+', 0o600))
  await onDisk(unlink(path))
  const hash = createHash('sha256')
  let digest: string | undefined
  let bytes = 0
  async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; ) {
      const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, end - at))
      const { bytesRead } = await handle.read(block, 0, block.length, at)
      if (bytesRead === 0) throw new Error(`Expected ${end} bytes in the spool, got ${at}`)
      at += bytesRead
      yield block.subarray(0, bytesRead)
    }
  }
  return {
    get bytes() {
      return bytes
    },
    async write(block) {
      hash.update(block)
      for (let sent = 0; sent < block.byteLength; ) {
        const wrote = handle.write(block, sent, block.byteLength - sent, bytes + sent)
        sent += (await onDisk(wrote)).bytesWritten
      }
      bytes += block.byteLength
    },
    sha256() {
      digest ??= hash.digest('hex')
      return digest
    },
    stream: (start, end) => Readable.from(read(start, end)),
    close: () => handle.close().catch(() => {}),
  }
}
