import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Columns, Schema } from '../formats/index.js'
import { listFiles } from '../formats/listing.js'
import { writeShards } from '../formats/write-shards.js'
import { UsageError } from '../stream/errors.js'
import { cutSections, plainProse } from '../text/sections.js'

/** Rows of a corpus shard: several shards, so that what is shown is what happens to a large corpus. */
const shardRows = 2000

const schema: Schema = { text: 'string', title: 'string', headings: 'string', package: 'string', path: 'string' }

/**
 * Makes a corpus of the documentation that npm has already put on this machine: the README, CHANGELOG and docs files of
 * the installed packages, cut into sections at their headings, one row a section, as Parquet shards in `folder`. What
 * is already there is left as it is, because a run in progress depends on it.
 */
export async function makeDocsCorpus(folder: string): Promise<{ made: boolean; files: number; rows: number }> {
  if (await stat(folder).catch(() => undefined)) return { made: false, files: 0, rows: 0 }
  const modules = await findNodeModules()
  const files = (await listFiles(modules)).paths.filter(isDocumentation)
  if (files.length === 0) {
    throw new UsageError(`No README or docs file is under ${modules}`, { fix: 'Run npm ci first.' })
  }
  const { rows } = await writeShards(sections(files, modules), {
    folder,
    format: 'parquet',
    shardRows,
    write: { schema },
  })
  return { made: true, files: files.length, rows }
}

async function* sections(files: readonly string[], modules: string): AsyncGenerator<Columns[]> {
  // Packages carry copies of each other's files; a section counts once.
  const seen = new Set<string>()
  for (const file of files) {
    const path = file.slice(modules.length + 1).replaceAll('\\', '/')
    const rows: Columns[] = []
    for (const { heading, text } of cutSections(await readFile(file, 'utf8'))) {
      const prose = plainProse(text)
      const hash = createHash('sha1').update(prose).digest('base64')
      if (prose === '' || seen.has(hash)) continue
      seen.add(hash)
      rows.push({
        text: prose,
        title: heading.at(-1) ?? null,
        headings: heading.join(' > '),
        package: packageName(path),
        path,
      })
    }
    if (rows.length > 0) yield rows
  }
}

function isDocumentation(path: string): boolean {
  const unix = path.replaceAll('\\', '/')
  // README.md and not README.es.md: translations say the same again, and the small model knows English only.
  return /\/(readme|changelog|history)\.(md|markdown|txt)$/i.test(unix) || /\/docs?\/(.*\/)?[^/.]+\.md$/i.test(unix)
}

function packageName(path: string): string {
  const parts = path.slice(path.lastIndexOf('node_modules/') + 1).split('/')
  const [first = '', second = ''] = path.includes('node_modules/') ? parts.slice(1) : parts
  return first.startsWith('@') ? `${first}/${second}` : first
}

/** The packages of the project one stands in, or those sluice itself is installed with. */
async function findNodeModules(): Promise<string> {
  const own = dirname(fileURLToPath(new URL('../../package.json', import.meta.url)))
  for (const start of [process.cwd(), own]) {
    for (let at = resolve(start); ; at = dirname(at)) {
      const modules = join(at, 'node_modules')
      if ((await stat(modules).catch(() => undefined))?.isDirectory()) return modules
      if (dirname(at) === at) break
    }
  }
  throw new UsageError('No node_modules folder is here or above, so there is no documentation to make a corpus of', {
    fix: 'Run npm ci first.',
  })
}
