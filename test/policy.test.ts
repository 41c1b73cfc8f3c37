import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const manifest = JSON.parse(read('package.json'))
const lock = JSON.parse(read('package-lock.json'))

const sources = readdirSync(new URL('src/', root), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/assembly$/.test(entry.parentPath))
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(new URL('src/', root).pathname.length).replace(/^\/+/, ''))

/** Every import of a source file: relative ones as `./` paths below src, others as they are written. */
function importsOf(file: string): string[] {
  const text = read(`src/${file}`)
  const found = [
    ...text.matchAll(
      /(?:^|\n)(?:import|export)\b[^'\n]*?(?:\{[^}]*\}[^'\n]*?)?from '([^']+)'|import\('([^']+)'\)|\nimport '([^']+)'/g,
    ),
  ]
  return found
    .map((match) => match[1] ?? match[2] ?? match[3]!)
    .map((target) => (target.startsWith('.') ? `.${new URL(target, `file:///${file}`).pathname}` : target))
}

describe('the folder tree is the architecture', () => {
  const layers: Record<string, readonly string[]> = {
    cli: ['recipes', 'run', 'report', 'models', 'embed', 'filters', 'select', 'formats', 'http', 'text', 'stream'],
    recipes: ['run', 'report', 'models', 'embed', 'filters', 'select', 'formats', 'http', 'text', 'stream'],
    run: ['text', 'stream'],
    report: ['text', 'stream'],
    models: ['http', 'text', 'stream'],
    embed: ['http', 'text', 'stream'],
    filters: ['text', 'stream'],
    select: ['text', 'stream'],
    formats: ['http', 'text', 'stream'],
    http: ['text', 'stream'],
    text: ['stream'],
    stream: [],
  }

  it.skipIf(!existsSync(new URL('.git', root)))(
    'has at the top what every project has, and nothing left behind',
    () => {
      const papers = /^(?:README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$|^(?:LICENSE|NOTICE)$/
      const settings =
        /^(?:package(?:-lock)?|biome|tsconfig(?:\.build)?)\.json$|^vitest\.config\.ts$|^\.(?:gitignore|ci)$/
      const folders = new Set(['src', 'schemas', 'benchmarks', 'fixtures', 'test'])
      const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
      const top = new Set(tracked.map((path) => path.split('/')[0]!))
      const unknown = [...top].filter((name) => !papers.test(name) && !settings.test(name) && !folders.has(name))
      expect(tracked.length).toBeGreaterThan(100)
      expect(unknown).toEqual([])
    },
  )

  it('has no folder that the layers do not name', () => {
    const folders = new Set(sources.filter((file) => file.includes('/')).map((file) => file.split('/')[0]!))
    expect([...folders].sort()).toEqual(Object.keys(layers).sort())
  })

  it('imports in one direction', () => {
    const wrong: string[] = []
    for (const file of sources.filter((name) => name.includes('/'))) {
      const folder = file.split('/')[0]!
      for (const target of importsOf(file)) {
        if (!target.startsWith('./')) continue
        // index.ts and cli.ts, which stand above all folders, are named by no layer.
        const other = target.split('/')[1]!
        if (other !== folder && !layers[folder]!.includes(other)) wrong.push(`${file} -> ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('sees the imports it judges', () => {
    expect(importsOf('cli.ts')).toContain('./cli/run.js')
    expect(importsOf('stream/pipe.ts')).toEqual(['it-pipe', './stream/types.js'])
    expect(importsOf('models/gguf.ts')).toContain('node-llama-cpp')
  })

  it('has no cycles between files', () => {
    const imports = new Map(
      sources.map(
        (file) => [file, importsOf(file).map((target) => target.replace(/^\.\//, '').replace(/\.js$/, '.ts'))] as const,
      ),
    )
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, trail: readonly string[]) => {
      if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '))
      else if (!done.has(file)) {
        for (const target of imports.get(file) ?? []) visit(target, [...trail, file])
        done.add(file)
      }
    }
    for (const file of sources) visit(file, [])
    expect(cycles).toEqual([])
  })
})

describe('dependencies', () => {
  /** Every runtime package, what only it can do, and where it is imported. */
  const reasons: Record<string, { for: string; in: RegExp }> = {
    '@foxglove/wasm-zstd': { for: 'writing zstd, and what our kernel leaves', in: /^formats\/zstd\// },
    '@huggingface/transformers': { for: 'ONNX models that embed; an optional peer', in: /^embed\/onnx\/library\.ts$/ },
    '@huggingface/inference': { for: "Hugging Face's providers", in: /^models\/huggingface\.ts$/ },
    'apache-arrow': { for: 'Arrow IPC', in: /^formats\/arrow\// },
    commander: { for: 'the command line', in: /^cli\/program\.ts$/ },
    eld: { for: 'naming the language of a text; optional', in: /^filters\/language\.ts$/ },
    hyparquet: { for: 'reading Parquet', in: /^formats\// },
    'hyparquet-writer': { for: 'writing Parquet', in: /^formats\// },
    'it-pipe': { for: 'joining streams', in: /^stream\/pipe\.ts$/ },
    'node-llama-cpp': { for: 'local models; an optional peer', in: /^models\/gguf/ },
    picocolors: { for: 'colour that respects NO_COLOR', in: /^cli\/failure\.ts$/ },
    snappy: { for: 'fast snappy; optional, JavaScript otherwise', in: /^formats\// },
    tinyglobby: { for: 'globs', in: /^formats\/listing\.ts$/ },
    undici: { for: 'HTTP with four time-outs', in: /^http\// },
    yaml: { for: 'config files and cards', in: /^text\/yaml\.ts$/ },
    zod: { for: 'recipe options, and their JSON Schema', in: /^recipes\// },
  }

  it('are named with a reason, and nothing else is imported', () => {
    const declared = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies].flatMap(
      Object.keys,
    )
    expect(declared.sort()).toEqual(Object.keys(reasons).sort())
    const wrong: string[] = []
    for (const file of sources) {
      for (const target of importsOf(file)) {
        if (target.startsWith('node:') || target.startsWith('./')) continue
        const name = target
          .split('/')
          .slice(0, target.startsWith('@') ? 2 : 1)
          .join('/')
        if (!reasons[name]?.in.test(file)) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('are pinned, at most 12 directly, and at most 40 in all', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies }) as string[]
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(12)
    type Locked = { dev?: boolean; optional?: boolean; peer?: boolean; devOptional?: boolean }
    const runtime = Object.entries(lock.packages as Record<string, Locked>).filter(
      ([path, { dev, optional, peer, devOptional }]) => path !== '' && !dev && !optional && !peer && !devOptional,
    )
    expect(runtime.length).toBeLessThanOrEqual(40)
    expect(runtime.length).toBeGreaterThanOrEqual(12)
  })

  it('run no install script', () => {
    type Locked = { hasInstallScript?: boolean; dev?: boolean; devOptional?: boolean }
    const scripts = Object.entries(lock.packages as Record<string, Locked>).filter(
      ([, { hasInstallScript }]) => hasInstallScript,
    )
    const allowed = Object.keys(manifest.allowScripts)
    for (const [path, { dev, devOptional }] of scripts) {
      // Only development tools carry one, and npm is told to leave each alone.
      expect(dev || devOptional, path).toBe(true)
      expect(allowed, path).toContain(path.replace(/^.*node_modules\//, ''))
    }
    expect(Object.values(manifest.allowScripts).every((allow) => allow === false)).toBe(true)
  })

  it('are locked with a checksum each and no download address', () => {
    const locked = Object.entries(
      lock.packages as Record<string, { integrity?: string; resolved?: string; link?: boolean }>,
    )
    for (const [path, { integrity, resolved }] of locked) {
      if (path !== '') expect(integrity, path).toMatch(/^sha512-/)
      expect(resolved, path).toBeUndefined()
    }
  })
})

describe('source files', () => {
  it('have no default export, no wildcard export and no class but errors', () => {
    for (const file of sources) {
      const text = read(`src/${file}`)
      expect(text, file).not.toMatch(/export default|export \* from/)
      for (const [, name, base] of text.matchAll(/^(?:export )?(?:abstract )?class (\w+)(?: extends (\w+))?/gm)) {
        if (!file.endsWith('wasm.d.ts'))
          expect(`${name} extends ${base}`, file).toMatch(/ extends (\w*Error|HttpFailure|CallFailure)$/)
      }
    }
  })

  it('run nothing that came as data', () => {
    for (const file of sources) {
      expect(read(`src/${file}`), file).not.toMatch(/\beval\(|new Function\(|v8\.deserialize|shell: true/)
    }
  })

  it('stay under 400 lines', () => {
    const long = sources.filter((file) => !file.endsWith('.wasm.ts') && read(`src/${file}`).split('\n').length > 400)
    expect(long).toEqual([])
  })
})
