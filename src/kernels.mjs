// The WebAssembly kernels: compiles each assembly/ and writes the module beside it, `npm run build:kernels`. The results are
// committed, so that running sluice needs no compiler; test/kernels.test.ts proves that they are up to date.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

/** Where a kernel's assembly/ lies, the file it begins with, what is written, and what it wants of the compiler. */
export const kernels = [
  { folder: 'select/kernel/', entry: 'index.ts', target: 'nearest.wasm.ts', flags: ['--importMemory'] },
  { folder: 'embed/whitening/', entry: 'index.ts', target: 'whiten.wasm.ts', flags: ['--importMemory'] },
  { folder: 'embed/static/kernel/', entry: 'index.ts', target: 'static.wasm.ts', flags: ['--importMemory'] },
  { folder: 'formats/zstd/', entry: 'frame.ts', target: 'kernel.wasm.ts', flags: [] },
]

/** The text of a kernel's module for the sources as they are. */
export async function generate({ folder, entry, flags }) {
  const assembly = new URL(`${folder}assembly/`, import.meta.url)
  const sources = new Map()
  for (const name of (await readdir(assembly)).filter((each) => each.endsWith('.ts')).sort()) {
    sources.set(name, await readFile(new URL(name, assembly), 'utf8'))
  }
  const hash = createHash('sha256')
  for (const [name, text] of sources) hash.update(`${name}\n${text}`)
  return [
    '// Written by src/kernels.mjs from assembly/; do not edit.',
    `export const sourceHash = '${hash.digest('hex')}'`,
    `export const wasmBase64 =\n  '${Buffer.from(await compile(sources, entry, flags)).toString('base64')}'`,
    '',
  ].join('\n')
}

async function compile(sources, entry, own) {
  const { default: asc } = await import('assemblyscript/asc')
  const output = 'kernel.wasm'
  let binary
  const flags = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', ...own, '--use', 'abort=']
  const { error, stderr } = await asc.main([entry, '--outFile', output, ...flags], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === output) binary = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`${entry} does not compile: ${error.message}\n${stderr.toString()}`)
  return binary
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const kernel of kernels) {
    await writeFile(new URL(`${kernel.folder}${kernel.target}`, import.meta.url), await generate(kernel))
  }
}
