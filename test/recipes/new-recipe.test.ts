import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Tally, total } from '../../src/run/tally.js'
import { sluice, startNode } from '../cli/sluice.js'
import { writeProseShards } from '../prose.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { toyBackAndForth } from './toy-model.js'
import { rowsOf } from './whole-run.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A recipe out of another, as CONTRIBUTING has it: a folder of its own, and … */
const recipe = `import { backAndForthRecipe as base } from '../back-and-forth/index.js'

const short = { minChars: 100, maxChars: 500 }

/** Back-and-forth translation of short texts. */
export const shortFormRecipe: typeof base = {
  ...base,
  name: 'short-form',
  summary: 'back-and-forth translation of texts of 100 to 500 characters',
  passes: (config, resources, texts) => base.passes({ ...config, ...short }, resources, texts),
  calls: (config, texts) => base.calls!({ ...config, ...short }, texts),
}
`
/** … a line in the table, with its import. */
const [importLine, tableLine] = ["import { shortFormRecipe } from './short-form/index.js'\n", 'shortFormRecipe,']

let folder: string
let cli: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-new-recipe-'))
  // The built tree, with the declarations that the new recipe is checked against.
  for (const part of ['dist', 'package.json', 'schemas', 'src/embed/static']) {
    await cp(join(root, part), join(folder, part), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const recipes = join(folder, 'dist', 'recipes')
  await mkdir(join(recipes, 'short-form'))
  await writeFile(join(recipes, 'short-form', 'index.ts'), recipe)
  const flags = '--strict --skipLibCheck --target ES2023 --module NodeNext --types node --noUnusedLocals'.split(' ')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const built = await startNode([tsc, ...flags, join(recipes, 'short-form', 'index.ts')]).finished
  expect(built.code, built.stdout).toBe(0)
  const table = await readFile(join(recipes, 'index.js'), 'utf8')
  await writeFile(join(recipes, 'index.js'), importLine + table.replace('table = [', `table = [\n${tableLine}`))
  cli = join(folder, 'dist', 'cli.js')
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 1, 40)
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a recipe of six lines, in a folder of its own and a line of the table', () => {
  it('is listed by `sluice recipes`, with the options and prompts that it takes over', async () => {
    const { recipes } = JSON.parse((await sluice(['recipes', '--json'], { cli })).stdout) as {
      recipes: { name: string; summary: string; options: { name: string }[]; prompts: object }[]
    }
    const found = recipes.find(({ name }) => name === 'short-form')!
    expect(found.summary).toMatch(/100 to 500/)
    expect(found.options.map(({ name }) => name)).toContain('minScore')
    expect(Object.keys(found.prompts)).toContain('rewrite')
  }, 60_000)

  it('is planned and run, and its accounting closes', async () => {
    const server = await startOpenAiServer({ reply: toyBackAndForth })
    const args = ['short-form', corpus, '--select', '20', '--model', 'openai:toy', '--endpoint', server.url]
    const planned = await sluice(['plan', ...args, '--json'], { cli })
    expect(planned.code, planned.stderr).toBe(0)
    expect(planned.stdout).toContain('rewrite')
    const out = join(folder, 'out')
    const done = await sluice(['run', ...args, '-o', out, '--json'], { cli })
    await server.close()
    expect(done.code, done.stderr).toBe(0)
    const { tally } = JSON.parse(done.stdout) as { tally: Tally }
    expect(tally.out).toBeGreaterThan(0)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
    expect(Object.keys(tally.rejected)).toContain('select: more than 500 characters')
    expect(await rowsOf(join(out, 'data'))).toHaveLength(tally.out)
  }, 120_000)
})
