import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { writeRows } from '../src/formats/index.js'
import { sluice } from './cli/sluice.js'
import { paragraph } from './prose.js'
import { toyReply } from './recipes/toy-model.js'
import { startOpenAiServer } from './server/openai-server.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const documents = ['.', 'src', 'benchmarks', 'fixtures'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name)),
)

describe('README.md', () => {
  it('names every verb and every recipe', async () => {
    const { stdout } = await sluice(['--help'])
    const commands = stdout.slice(stdout.indexOf('Commands:'))
    const verbs = [...commands.matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb!).filter((verb) => verb !== 'help')
    expect(verbs.length).toBeGreaterThan(7)
    for (const verb of verbs) expect(readme, verb).toContain(`\`sluice ${verb}`)
    const { recipes } = JSON.parse((await sluice(['recipes', '--json'])).stdout) as { recipes: { name: string }[] }
    for (const { name } of recipes) expect(readme, name).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it('shows flags that exist', async () => {
    const verbs = [
      ['run', 'reinstruct'],
      ['run', 'deita'],
      ['plan', 'reinstruct'],
      ['select'],
      ['dedup'],
      ['filter'],
      ['embed'],
      ['convert'],
      ['head'],
      ['stats'],
    ]
    const help = (await Promise.all(verbs.map((words) => sluice([...words, '--help']))))
      .map(({ stdout }) => stdout)
      .join()
    const flags = new Set(readme.match(/(?<=[\s`])--[a-z][a-z-]*/g))
    for (const flag of flags) {
      expect(help, flag).toContain(flag)
    }
    expect(flags.size).toBeGreaterThan(5)
  })

  it('has TypeScript that runs as it stands', async () => {
    const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!)
    expect(blocks.length).toBeGreaterThanOrEqual(2)
    // Below the package, so that `import … from 'sluice'` finds it as it would an installed one.
    await mkdir(join(root, 'out'), { recursive: true })
    const folder = await mkdtemp(join(root, 'out', '.docs-'))
    const server = await startOpenAiServer({ reply: toyReply })
    try {
      await writeRows(join(folder, 'corpus', 'a.parquet'))(rows())
      for (const [n, code] of blocks.entries()) {
        const file = join(folder, `block-${n}.mjs`)
        await writeFile(file, code)
        const env = { ...process.env, ENDPOINT: server.url }
        const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder, env })
        expect(stdout, code).not.toBe('')
      }
      expect(existsSync(join(folder, 'out', 'data'))).toBe(true)
      expect(existsSync(join(folder, 'prose.parquet'))).toBe(true)
    } finally {
      await server.close()
      await rm(folder, { recursive: true })
    }
    async function* rows() {
      yield Array.from({ length: 120 }, (_, n) => ({ text: n % 5 === 0 ? 'short' : paragraph(`docs-${n}`) }))
    }
  }, 60_000)
})

describe('every page', () => {
  it('links to what is there', () => {
    expect(documents.length).toBeGreaterThan(5)
    for (const page of documents) {
      const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '')
      for (const [, target] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (!/^[a-z]+:/.test(target!))
          expect(existsSync(join(root, dirname(page), target!)), `${page}: ${target}`).toBe(true)
      }
    }
  })

  it('names no machine and no registry', () => {
    for (const page of documents) {
      expect(readFileSync(join(root, page), 'utf8'), page).not.toMatch(
        /\/(work|root|home)\/\w|registry\.npmjs|pypi\.org|localhost:4873/,
      )
    }
  })
})
