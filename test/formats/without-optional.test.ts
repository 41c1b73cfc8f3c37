import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sluice } from '../cli/sluice.js'

const preload = new URL('../../benchmarks/without_optional.mjs', import.meta.url).href
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/shards/${name}`, import.meta.url))
const run = promisify(execFile)

describe('without the optional packages', () => {
  it('none of them is found', async () => {
    const { optionalDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(Object.keys(optionalDependencies)).toContain('snappy')
    for (const name of Object.keys(optionalDependencies)) {
      const work = run(process.execPath, [
        '--import',
        preload,
        '-e',
        `import('${name}').catch((e) => console.log(e.code))`,
      ])
      expect((await work).stdout.trim(), name).toBe('ERR_MODULE_NOT_FOUND')
    }
  })

  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'none'])('Parquet in %s reads the same', async (codec) => {
    const args = ['convert', fixture(`flat-${codec}.parquet`), '--to', 'jsonl', '-o', '-']
    const [bare, whole] = await Promise.all([sluice(args, { preload }), sluice(args)])
    expect(bare.stderr).toBe(whole.stderr)
    expect(bare.code).toBe(0)
    expect(bare.stdout.length).toBeGreaterThan(100)
    expect(bare.stdout).toBe(whole.stdout)
  })
})
