import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { CorruptInputError, SluiceError, UsageError } from '../stream/errors.js'

export type Library = typeof import('node-llama-cpp')

/** The library started, and the file opened by it. Rejects with a UsageError or a CorruptInputError. */
export async function openFile(
  library: Library,
  path: string,
  parallel: number,
  { vocabOnly = false } = {},
): Promise<{ llama: Llama; model: LlamaModel }> {
  const llama = await startLlama(library, parallel)
  try {
    return { llama, model: await llama.loadModel({ modelPath: path, vocabOnly }) }
  } catch (cause) {
    await llama.dispose()
    if (cause instanceof library.InsufficientMemoryError) {
      throw new UsageError(`There is not enough memory for ${path}.`, { cause, fix: 'Choose a smaller model.' })
    }
    throw new CorruptInputError(`Cannot read ${path} as a GGUF model: ${(cause as Error).message}`, {
      cause,
      fix: 'Download the file again; `sluice models pull` checks what it gets.',
    })
  }
}

async function startLlama(library: Library, parallel: number): Promise<Llama> {
  try {
    return await library.getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: library.LlamaLogLevel.disabled,
      // The library's own default is at least four threads, on any machine.
      maxThreads: Math.max(parallel, availableParallelism()),
    })
  } catch (cause) {
    throw new UsageError(`node-llama-cpp has no build for this machine: ${(cause as Error).message}`, {
      cause,
      fix: installHint(),
    })
  }
}

/** The optional package; a UsageError that says how to install it where it is missing. */
export async function loadLibrary(load: () => Promise<unknown>): Promise<Library> {
  try {
    return (await load()) as Library
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new UsageError('The local model needs the optional package node-llama-cpp.', { cause, fix: installHint() })
  }
}

const version = '3.21.1'

const platformPackages: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
}

function installHint(): string {
  const whole = `npm install node-llama-cpp@${version}`
  const platform = platformPackages[`${process.platform}-${process.arch}`]
  if (platform === undefined) return `Install it with:\n  ${whole}`
  const lean = `npm install --omit=optional node-llama-cpp@${version} @node-llama-cpp/${platform}@${version}`
  return `Install it with:\n  ${lean}   (processor only, about 85 MB)\nor, with builds for graphics cards:\n  ${whole}`
}

/** The size of the file at `path`, in bytes; a UsageError where there is none. */
export async function sizeOfModel(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isFile()) return found.size
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    throw new UsageError(`There is no model at ${path}.`, { cause, fix: 'Give the path of a .gguf file.' })
  }
  throw new UsageError(`${path} is not a file.`, { fix: 'Give the path of a .gguf file.' })
}
