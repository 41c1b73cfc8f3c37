import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { execute } from '../../src/run/execute.js'
import { type Pass, type Plan, type RunEvent, reduceTask } from '../../src/run/types.js'
import { ResumeMismatchError, type SluiceError, UsageError } from '../../src/stream/errors.js'

let out: string
beforeEach(async () => {
  out = join(await mkdtemp(join(tmpdir(), 'sluice-run-')), 'out')
})
afterEach(() => rm(join(out, '..'), { recursive: true, force: true }))

const shard = (name: string) => ({ name, path: `/nowhere/${name}`, bytes: 3, modifiedMs: 1, format: 'jsonl' })
const plan = (config: Record<string, unknown> = { seed: 7 }): Plan => ({
  format: 2,
  recipe: 'toy',
  config,
  shards: [shard('a'), shard('b'), shard('c')],
})

/** A map over shards and a reduce; `work` counts what was done and may throw. */
function toyPasses(onWork: (task: string) => void = () => {}): Pass[] {
  return [
    {
      name: 'double',
      tasks: async ({ plan: { shards } }) => shards.map((_, index) => ({ id: `${index}`, shard: index })),
      async work(task, { plan: { shards }, folder, progress }) {
        await writeFile(join(folder, 'twice.txt'), shards[task.shard!]!.name.repeat(2))
        onWork(`double/${task.id}`)
        progress(1)
        return { in: 2, out: 1, rejected: { 'toy: odd': 1 }, failed: {} }
      },
    },
    {
      name: 'join',
      tasks: async () => reduceTask,
      async work(_task, { committed, folder }) {
        const parts = await Promise.all(
          committed('double').map((done) => readFile(join(done.folder, 'twice.txt'), 'utf8')),
        )
        await mkdir(join(folder, 'data'))
        await writeFile(join(folder, 'data', 'all.txt'), parts.join(' '))
        onWork('join/all')
        return { in: 3, out: 3, rejected: {}, failed: {} }
      },
    },
  ]
}

const result = () => readFile(join(out, 'data', 'all.txt'), 'utf8')

describe('execute', () => {
  it('runs every task once and publishes the last pass', async () => {
    const worked: string[] = []
    const events: RunEvent[] = []
    const { wasDone, committed } = await execute({
      out,
      plan: plan(),
      passes: toyPasses((task) => worked.push(task)),
      onEvent: (event) => events.push(event),
    })
    expect(worked).toEqual(['double/0', 'double/1', 'double/2', 'join/all'])
    expect(await result()).toBe('aa bb cc')
    expect(wasDone).toBe(false)
    expect(committed.map(({ pass, task }) => `${pass}/${task.id}`)).toEqual(worked)
    expect(events.filter(({ kind }) => kind === 'rows')).toHaveLength(3)
    expect((await readdir(out)).sort()).toEqual(['.sluice', 'data'])
  })

  it('does nothing when called again, and says so', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    const worked: string[] = []
    const again = await execute({ out, plan: plan(), passes: toyPasses((task) => worked.push(task)) })
    expect(again.wasDone).toBe(true)
    expect(worked).toEqual([])
  })

  it('resumes after a failure at any task with the same bytes, and repeats no committed task', async () => {
    for (const broken of ['double/0', 'double/1', 'double/2', 'join/all']) {
      await rm(out, { recursive: true, force: true })
      const worked: string[] = []
      const failing = toyPasses((task) => {
        worked.push(task)
        if (task === broken) throw new Error(`${task} broke`)
      })
      await expect(execute({ out, plan: plan(), passes: failing })).rejects.toThrow(`${broken} broke`)
      const failedAt = worked.length
      await execute({ out, plan: plan(), passes: toyPasses((task) => worked.push(task)) })
      expect(worked.slice(failedAt)[0]).toBe(broken)
      expect(worked.length).toBe(5)
      expect(await result()).toBe('aa bb cc')
    }
  })

  it('leaves nothing under the output that is not whole', async () => {
    const failing = toyPasses((task) => {
      if (task === 'join/all') throw new Error('broke')
    })
    await expect(execute({ out, plan: plan(), passes: failing })).rejects.toThrow('broke')
    expect(await readdir(out)).toEqual(['.sluice'])
    const left = await readdir(join(out, '.sluice'), { recursive: true })
    expect(left.filter((name) => name.includes('tmp'))).toEqual([])
  })

  it('believes the manifest alone: an artifact without its line is done again', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    const manifest = join(out, '.sluice', 'manifest.jsonl')
    const lines = (await readFile(manifest, 'utf8')).trimEnd().split('\n')
    await writeFile(manifest, `${lines.slice(0, 2).join('\n')}\n`)
    const worked: string[] = []
    await execute({ out, plan: plan(), passes: toyPasses((task) => worked.push(task)) })
    expect(worked).toEqual(['double/2', 'join/all'])
    expect(await result()).toBe('aa bb cc')
  })

  it('survives a manifest cut at any byte of its last line', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    const manifest = join(out, '.sluice', 'manifest.jsonl')
    const whole = await readFile(manifest)
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1
    for (let cut = lastLine; cut < whole.length; cut += 7) {
      await writeFile(manifest, whole)
      await truncate(manifest, cut)
      const worked: string[] = []
      await execute({ out, plan: plan(), passes: toyPasses((task) => worked.push(task)) })
      expect(worked).toEqual(['join/all'])
    }
  })

  it('does a task again whose artifact lost a file', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    await rm(join(out, 'data'), { recursive: true })
    await rm(join(out, '.sluice', 'artifacts', 'join', 'all', 'data', 'all.txt'))
    await rm(join(out, '.sluice', 'artifacts', 'double', '1', 'twice.txt'))
    const worked: string[] = []
    await execute({ out, plan: plan(), passes: toyPasses((task) => worked.push(task)) })
    expect(worked).toEqual(['double/1', 'join/all'])
    expect(await result()).toBe('aa bb cc')
  })

  it('leaves alone what its reader has changed since, and shows again what is gone', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    await writeFile(join(out, 'data', 'all.txt'), 'mine')
    await writeFile(join(out, 'data', 'notes.txt'), 'also mine')
    expect((await execute({ out, plan: plan(), passes: toyPasses() })).wasDone).toBe(true)
    expect(await result()).toBe('mine')
    await rm(join(out, 'data', 'all.txt'))
    await execute({ out, plan: plan(), passes: toyPasses() })
    expect((await readdir(join(out, 'data'))).sort()).toEqual(['all.txt', 'notes.txt'])
  })

  it('does a task again that had the same name and other rows', async () => {
    const ranged = (end: number, onWork: (task: string) => void): Pass[] => {
      const [double, join] = toyPasses(onWork)
      return [{ ...double!, tasks: async () => [{ id: '0', shard: 0, rows: { start: 0, end } }] }, join!]
    }
    const failing = ranged(5, (task) => {
      if (task === 'join/all') throw new Error('broke')
    })
    await expect(execute({ out, plan: plan(), passes: failing })).rejects.toThrow('broke')
    const worked: string[] = []
    await execute({ out, plan: plan(), passes: ranged(6, (task) => worked.push(task)) })
    expect(worked).toEqual(['double/0', 'join/all'])
  })

  it('notices that a file named by a setting has changed', async () => {
    const withFile = (bytes: number): Plan => ({ ...plan(), files: { seedData: [{ ...shard('seeds'), bytes }] } })
    await execute({ out, plan: withFile(3), passes: toyPasses() })
    await expect(execute({ out, plan: withFile(4), passes: toyPasses() })).rejects.toThrow(
      'seedData: the file has changed',
    )
  })

  it('refuses another configuration and says what differs', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    const other = execute({ out, plan: plan({ seed: 8 }), passes: toyPasses() })
    await expect(other).rejects.toThrow('seed: 7, now 8')
    await expect(other).rejects.toBeInstanceOf(ResumeMismatchError)
  })

  it('takes another configuration where nothing was committed yet', async () => {
    const failing = toyPasses(() => {
      throw new UsageError('Unknown column `txt`')
    })
    await expect(execute({ out, plan: plan(), passes: failing })).rejects.toThrow('Unknown column')
    await execute({ out, plan: plan({ seed: 8 }), passes: toyPasses() })
    expect(await result()).toBe('aa bb cc')
  })

  it('takes another value of a setting that no committed pass depends on, and refuses one of a setting that some does', async () => {
    const withSettings = (onWork?: (task: string) => void) => {
      const [double, join] = toyPasses(onWork)
      return [{ ...double!, settings: ['seed'] }, join!]
    }
    const failing = withSettings((task) => {
      if (task === 'join/all') throw new Error('unknown model')
    })
    await expect(execute({ out, plan: plan({ seed: 7, model: 'oops' }), passes: failing })).rejects.toThrow(
      'unknown model',
    )
    await expect(execute({ out, plan: plan({ seed: 8, model: 'good' }), passes: withSettings() })).rejects.toThrow(
      'seed: 7, now 8',
    )
    const worked: string[] = []
    await execute({ out, plan: plan({ seed: 7, model: 'good' }), passes: withSettings((task) => worked.push(task)) })
    expect(worked).toEqual(['join/all'])
    await expect(execute({ out, plan: plan({ seed: 7, model: 'other' }), passes: withSettings() })).rejects.toThrow(
      'model: "good", now "other"',
    )
  })

  it('refuses a corpus that changed, was extended or lost a shard', async () => {
    await execute({ out, plan: plan(), passes: toyPasses() })
    const changed = { ...plan(), shards: [shard('a'), { ...shard('b'), modifiedMs: 2 }, shard('d')] }
    const other = execute({ out, plan: changed, passes: toyPasses() })
    await expect(other).rejects.toThrow('shard b: the file has changed')
    await expect(other).rejects.toThrow('shard c: no longer given')
    await expect(other).rejects.toThrow('shard d: not part of the run before')
  })

  it('refuses a folder that is not its own', async () => {
    await mkdir(out)
    await writeFile(join(out, 'thesis.tex'), 'precious')
    await expect(execute({ out, plan: plan(), passes: toyPasses() })).rejects.toThrow('not empty')
    expect(await readdir(out)).toEqual(['thesis.tex'])
  })

  it('refuses a second run in the same folder while the first lives', async () => {
    let second: unknown
    const passes = toyPasses()
    const first: Pass = {
      ...passes[0]!,
      async work(task, context) {
        second ??= await execute({ out, plan: plan(), passes: toyPasses() }).catch((error) => error)
        return passes[0]!.work(task, context)
      },
    }
    await execute({ out, plan: plan(), passes: [first, passes[1]!] })
    expect(second).toBeInstanceOf(UsageError)
    expect((second as Error).message).toContain('is writing this folder')
  })

  it('reports rows that are unaccounted for as a bug', async () => {
    const leaky: Pass = {
      ...toyPasses()[0]!,
      work: async () => ({ in: 3, out: 1, rejected: {}, failed: { 'toy: x': 1 } }),
    }
    const run = execute({ out, plan: plan(), passes: [leaky] })
    await expect(run).rejects.toThrow('task double/0 took or made 3 rows and accounts for 2')
    await expect(run).rejects.toMatchObject({ exitCode: 70 } satisfies Partial<SluiceError>)
  })

  it('stops between tasks when told to, and resumes', async () => {
    const controller = new AbortController()
    const passes = toyPasses((task) => {
      if (task === 'double/1') controller.abort(new Error('told to stop'))
    })
    await expect(execute({ out, plan: plan(), passes, signal: controller.signal })).rejects.toThrow('told to stop')
    const worked: string[] = []
    await execute({ out, plan: plan(), passes: toyPasses((task) => worked.push(task)) })
    expect(worked).toEqual(['double/2', 'join/all'])
  })
})
