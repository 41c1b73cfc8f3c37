// Compiles assembly/ and writes kernel.wasm.ts beside this file: `npm run build:kernel`. The result is committed, so that
// running sluice needs no compiler; test/formats/zstd-kernel.test.ts proves it is up to date.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

const folder = new URL('assembly/', import.meta.url)
const target = new URL('kernel.wasm.ts', import.meta.url)

/** The text of kernel.wasm.ts for the committed sources. */
export async function generate() {
  const names = (await readdir(folder)).sort()
  const sources = new Map()
  for (const name of names) sources.set(name, await readFile(new URL(name, folder), 'utf8'))
  const hash = createHash('sha256')
  for (const [name, text] of sources) hash.update(`${name}\n${text}`)
  return [
    '// Written by build.mjs from assembly/; do not edit.',
    `export const sourceHash = '${hash.digest('hex')}'`,
    `export const wasmBase64 =\n  '${Buffer.from(await compile(sources)).toString('base64')}'`,
    '',
  ].join('\n')
}

async function compile(sources) {
  const { default: asc } = await import('assemblyscript/asc')
  let binary
  const flags = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--use', 'abort=']
  const { error, stderr } = await asc.main(['frame.ts', '--outFile', 'kernel.wasm', ...flags], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm') binary = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`assembly/ does not compile: ${error.message}\n${stderr.toString()}`)
  return binary
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(target, await generate())
