import { asDiskError, UsageError } from '../stream/errors.js'
import { placeOf } from './places/index.js'
import type { BlockOptions, ByteSource, FolderOptions, Output, OutputFolder } from './places/place.js'
import type { WriteOptions } from './types.js'

export type { ByteSource, Output } from './places/place.js'

/** A file for reads anywhere in it, local or at an address such as `https://…`, `hf://…` or `s3://…`. */
export async function openFile(path: string, signal?: AbortSignal): Promise<ByteSource> {
  return (await placeOf(path)).open(path, signal)
}

/** A file, local or at an address, or stdin for `-`, front to back in blocks of about `size` bytes. */
export async function* readBlocks(path: string, options: BlockOptions = {}): AsyncGenerator<Uint8Array> {
  if (path === '-') yield* readStdin(options.signal)
  else yield* (await placeOf(path)).stream(path, options)
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

/** An Output to `path`, on this machine or at an address, or to stdout for `-`. Nobody sees the file until `commit`. */
async function openOutput(path: string, signal: AbortSignal | undefined): Promise<Output> {
  if (path === '-') return stdoutOutput()
  const { create } = await placeOf(path)
  if (create !== undefined) return create(path, signal)
  throw new UsageError(`sluice cannot write ${path}: that place is only read`, {
    fix: 'Write a local file, or to s3://BUCKET/KEY or hf://datasets/OWNER/NAME/PATH.',
  })
}

/**
 * A new folder of files at `path`, on this machine or at an address, which readers see once it is committed. Throws a
 * UsageError for a folder that holds files.
 */
export async function openFolder(path: string, options: FolderOptions): Promise<OutputFolder> {
  const { createFolder } = await placeOf(path)
  if (createFolder !== undefined) return createFolder(path, options)
  throw new UsageError(`sluice cannot write shards to ${path}: that place is only read`, {
    fix: 'Write to a local folder, s3://BUCKET/FOLDER or hf://datasets/OWNER/NAME/FOLDER.',
  })
}

/** Fills an Output to `path` and commits it; where `fill` throws, nothing of it stays. `fill` answers with its rows. */
export async function withOutput(
  path: string,
  { signal, create = () => openOutput(path, signal) }: Pick<WriteOptions, 'signal' | 'create'>,
  fill: (output: Output) => Promise<number>,
): Promise<{ rows: number; bytes: number }> {
  const output = await create()
  try {
    const rows = await fill(output)
    await output.commit()
    return { rows, bytes: output.bytes }
  } catch (error) {
    await output.abort()
    throw error
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
