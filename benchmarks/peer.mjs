// Packages that benchmarks compare with and the project does not depend on.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A package out of the folder that `SLUICE_BENCH_PEERS` names, where `npm install NAME` was run. */
export async function peer(name) {
  const folder = process.env.SLUICE_BENCH_PEERS
  if (folder === undefined) throw new Error('SLUICE_BENCH_PEERS names no folder')
  const module = await import(pathToFileURL(createRequire(join(folder, 'package.json')).resolve(name)))
  return 'default' in module && Object.keys(module).length <= 2 ? module.default : module
}
