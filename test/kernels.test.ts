import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Kernel = { folder: string; target: string }

const src = new URL('../src/', import.meta.url)
const { kernels, generate } = (await import(new URL('kernels.mjs', src).href)) as {
  kernels: Kernel[]
  generate(kernel: Kernel): Promise<string>
}

describe.each(kernels)('the kernel of $folder', (kernel) => {
  const committed = readFileSync(new URL(`${kernel.folder}${kernel.target}`, src), 'utf8')

  it('was built from the committed sources', () => {
    const assembly = new URL(`${kernel.folder}assembly/`, src)
    const hash = createHash('sha256')
    for (const name of readdirSync(assembly).sort()) {
      hash.update(`${name}\n${readFileSync(new URL(name, assembly), 'utf8')}`)
    }
    expect(committed).toContain(`sourceHash = '${hash.digest('hex')}'`)
  })

  it('is built again byte for byte', async () => {
    expect(await generate(kernel)).toBe(committed)
  })
})
