import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { UsageError } from '../stream/errors.js'

/** The files an input stands for: their paths, and the folder it is rooted in. */
export type Listing = { kind: 'file' | 'folder' | 'glob'; root: string; paths: string[] }

/**
 * The files behind a path: itself, all files in a folder and the folders below (hidden ones left out), or what a glob
 * matches. Paths are absolute and in code-unit order. Throws a UsageError where nothing is there.
 */
export async function listFiles(input: string): Promise<Listing> {
  const found = await stat(input).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new UsageError(`Cannot read ${input}: ${error.message}`, { cause: error })
  })
  if (found?.isDirectory()) {
    const paths = await glob('**/*', { cwd: input, absolute: true, expandDirectories: false })
    if (paths.length === 0) throw new UsageError(`The folder ${input} holds no files`)
    return { kind: 'folder', root: resolve(input), paths: paths.sort() }
  }
  if (found) return { kind: 'file', root: dirname(resolve(input)), paths: [resolve(input)] }
  if (!isDynamicPattern(input)) {
    throw new UsageError(`No such file or folder: ${input}`, { fix: 'Check the path.' })
  }
  const paths = await glob(input, { absolute: true, expandDirectories: false })
  if (paths.length === 0) {
    throw new UsageError(`No file matches ${input}`, {
      fix: 'Check the pattern; quote it so that the shell leaves it alone.',
    })
  }
  return { kind: 'glob', root: staticFolder(input), paths: paths.sort() }
}

/** The part of a glob before its first wildcard. */
function staticFolder(pattern: string): string {
  const parts = pattern.split('/')
  const first = parts.findIndex((part) => isDynamicPattern(part))
  return resolve(parts.slice(0, first).join('/') || (pattern.startsWith('/') ? '/' : '.'))
}

/** `path` from `root` on, with `/` between the parts; the base name where they are the same. */
export function nameWithin(root: string, path: string): string {
  if (path === root) return basename(path)
  const prefix = root.endsWith('/') || root.endsWith('\\') ? root : `${root}/`
  return path.replaceAll('\\', '/').slice(prefix.length)
}
