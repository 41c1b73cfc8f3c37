// Compiles assembly/nearest.ts and writes nearest.wasm.ts beside this file: `npm run build:kernel`. The result is
// committed, so that running sluice needs no compiler; test/select/kernel/fresh.test.ts proves it is up to date.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

const source = new URL('assembly/nearest.ts', import.meta.url)
const target = new URL('nearest.wasm.ts', import.meta.url)

/** The text of nearest.wasm.ts for the committed source. */
export async function generate() {
  const text = await readFile(source, 'utf8')
  const bytes = await compile(text)
  return [
    '// Written by build.mjs from assembly/nearest.ts; do not edit.',
    `export const sourceHash = '${createHash('sha256').update(text).digest('hex')}'`,
    `export const wasmBase64 =\n  '${Buffer.from(bytes).toString('base64')}'`,
    '',
  ].join('\n')
}

async function compile(text) {
  const { default: asc } = await import('assemblyscript/asc')
  let binary
  const flags = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--importMemory', '--use', 'abort=']
  const { error, stderr } = await asc.main(['nearest.ts', '--outFile', 'nearest.wasm', ...flags], {
    readFile: (name) => (name === 'nearest.ts' ? text : null),
    writeFile: (name, contents) => {
      if (name === 'nearest.wasm') binary = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`assembly/nearest.ts does not compile: ${error.message}\n${stderr.toString()}`)
  return binary
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(target, await generate())
