import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CorruptInputError } from '../../stream/errors.js'
import { listFiles } from '../listing.js'
import { createLocalFolder } from './local-folder.js'
import { createFile } from './local-write.js'
import type { BlockOptions, ByteSource, Place } from './place.js'

/** The files of this machine. */
export const local: Place = {
  async list(input) {
    const { kind, root, paths } = await listFiles(input)
    const files = paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path)
      return { path, label: path, bytes: size, modifiedMs: mtimeMs }
    })
    const path = resolve(input)
    return { kind, path, label: path, root, files: await Promise.all(files) }
  },
  open: openLocal,
  stream: streamLocal,
  create: createFile,
  createFolder: createLocalFolder,
}

async function openLocal(path: string, signal?: AbortSignal): Promise<ByteSource> {
  const handle = await open(path, 'r')
  const { size } = await handle.stat().catch(async (error) => {
    await handle.close()
    throw error
  })
  const check = (start: number, end: number) => {
    signal?.throwIfAborted()
    if (start >= 0 && start <= end && end <= size) return
    throw new CorruptInputError(`${path}: bytes ${start} to ${end} lie outside its ${size} bytes`)
  }
  const readInto = async (target: Uint8Array, start: number) => {
    check(start, start + target.length)
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await handle.read(target, filled, target.length - filled, start + filled)
      if (bytesRead === 0) throw new CorruptInputError(`${path}: it became shorter while being read`)
      filled += bytesRead
    }
  }
  return {
    size,
    async read(start, end) {
      check(start, end)
      const bytes = new Uint8Array(end - start)
      await readInto(bytes, start)
      return bytes.buffer
    },
    readInto,
    close: () => handle.close(),
  }
}

async function* streamLocal(
  path: string,
  { size = 1 << 20, signal, buffers }: BlockOptions = {},
): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    for (;;) {
      signal?.throwIfAborted()
      // A block of its own each time, because rows cut at its end are still held by whoever takes it.
      const block = buffers?.lend(size) ?? Buffer.allocUnsafeSlow(size)
      const { bytesRead } = await handle.read(block, 0, size, null)
      if (bytesRead === 0) return
      yield block.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}
