import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asDiskError, DiskError, SluiceError } from '../stream/errors.js'
import { syncFolder } from '../stream/sync-folder.js'
import { placeOf } from './places/index.js'
import type { ByteSource } from './places/place.js'

export type { ByteSource } from './places/place.js'

/** A file for reads anywhere in it, local or at an address such as `https://…`, `hf://…` or `s3://…`. */
export async function openFile(path: string, signal?: AbortSignal): Promise<ByteSource> {
  return (await placeOf(path)).open(path, signal)
}

/** A file, local or at an address, or stdin for `-`, front to back in blocks of about `size` bytes. */
export async function* readBlocks(path: string, size = 1 << 20, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (path === '-') yield* readStdin(signal)
  else yield* (await placeOf(path)).stream(path, { size, signal })
}

async function* readStdin(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const { stdin } = process
  // Nothing may ever come, so an abort must not wait for the next block.
  const onAbort = () => stdin.destroy(signal!.reason)
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    yield* stdin as AsyncIterable<Uint8Array>
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Where a format's bytes go. Exactly one of `commit` and `abort` ends it. */
export type Output = {
  /** Bytes taken so far. */
  readonly bytes: number
  /** True once nobody reads any more (a closed pipe): time to stop, and no error. */
  readonly closed: boolean
  /** Resolves when the bytes have left, which is the back-pressure; their memory is the caller's again then. */
  write(bytes: Uint8Array): Promise<void>
  commit(): Promise<void>
  /** Never throws, so that it cannot hide the error it is called for. */
  abort(): Promise<void>
}

/** An Output to `path`, or to stdout for `-`. Until `commit` the file is called `<path>.tmp-<pid>`. */
function openOutput(path: string): Promise<Output> {
  return path === '-' ? Promise.resolve(stdoutOutput()) : fileOutput(path)
}

/** Fills an Output to `path` and commits it; where `fill` throws, nothing of it stays. `fill` answers with its rows. */
export async function withOutput(
  path: string,
  fill: (output: Output) => Promise<number>,
): Promise<{ rows: number; bytes: number }> {
  const output = await openOutput(path)
  try {
    const rows = await fill(output)
    await output.commit()
    return { rows, bytes: output.bytes }
  } catch (error) {
    await output.abort()
    throw error
  }
}

async function fileOutput(path: string): Promise<Output> {
  const temporary = `${path}.tmp-${process.pid}`
  const onDisk = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const known = asDiskError(error, path)
      // Whatever else the system says of a file being written (a folder stands there, a part of its path is a file).
      const refused = (error as NodeJS.ErrnoException).syscall !== undefined && !(known instanceof SluiceError)
      throw refused ? new DiskError(`Cannot write ${path}: ${(error as Error).message}`, { cause: error }) : known
    }
  }
  const handle = await onDisk(async () => {
    await mkdir(dirname(path), { recursive: true })
    return open(temporary, 'w', 0o644)
  })
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    closed: false,
    write: (block) =>
      onDisk(async () => {
        for (let sent = 0; sent < block.byteLength; ) {
          sent += (await handle.write(block, sent, block.byteLength - sent)).bytesWritten
        }
        bytes += block.byteLength
      }),
    commit: () =>
      onDisk(async () => {
        await handle.sync()
        await handle.close()
        await rename(temporary, path)
        await syncFolder(dirname(path))
      }),
    async abort() {
      await handle.close().catch(() => {})
      await rm(temporary, { force: true }).catch(() => {})
    },
  }
}

let stdoutClosed = false
let stdoutWatched = false

function stdoutOutput(): Output {
  if (!stdoutWatched) {
    stdoutWatched = true
    // Without a listener a closed pipe is an uncaught exception; every failed write is also told to its callback.
    process.stdout.on('error', () => {
      stdoutClosed = true
    })
  }
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    get closed() {
      return stdoutClosed
    },
    write: (block) =>
      new Promise((resolve, reject) => {
        process.stdout.write(block, (error) => {
          const code = (error as NodeJS.ErrnoException | null | undefined)?.code
          if (error && code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED') return reject(asDiskError(error, 'stdout'))
          if (error) stdoutClosed = true
          else bytes += block.byteLength
          resolve()
        })
      }),
    async commit() {},
    async abort() {},
  }
}
