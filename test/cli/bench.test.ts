import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeProseShards } from '../prose.js'
import { sluice, startSluice } from './sluice.js'
import { scratch } from './tables.js'

/** A corpus of 360 rows, and an empty folder for temporary files. */
async function corpus(): Promise<{ shards: string; env: NodeJS.ProcessEnv; temporary: string }> {
  const folder = await scratch({})
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  await writeProseShards(join(folder, 'corpus'), 2, 180)
  return { shards: join(folder, 'corpus'), env: { TMPDIR: temporary }, temporary }
}

describe('sluice bench', () => {
  it('tells what every stage took, and leaves nothing behind', async () => {
    const { shards, env, temporary } = await corpus()
    const { code, stdout } = await sluice(['bench', shards, '-n', '20', '--json'], { env })
    expect(code).toBe(0)
    const { machine, stages } = JSON.parse(stdout)
    expect(machine.node).toBe(process.version)
    expect(stages.map(({ stage }: { stage: string }) => stage)).toEqual(['read', 'filter', 'embed', 'write', 'select'])
    for (const { rows, megabytes, seconds, cpuSeconds, rowsPerSecond, peakMegabytes } of stages) {
      expect(rows).toBe(360)
      expect(megabytes).toBeCloseTo(stages[0].megabytes, 9)
      expect(cpuSeconds).toBeGreaterThan(0)
      expect(rowsPerSecond).toBeCloseTo(rows / seconds, 3)
      expect(peakMegabytes).toBeGreaterThan(30)
    }
    expect(await readdir(temporary)).toEqual([])
  })

  it('prints a line a stage, of no more rows than asked for', async () => {
    const { shards, env } = await corpus()
    const { code, stdout } = await sluice(['bench', shards, '--rows', '100'], { env })
    expect(code).toBe(0)
    const [head, ...lines] = stdout.trimEnd().split('\n')
    expect(head).toMatch(/^stage +rows +MB +seconds +CPU s +rows\/s +MB\/s +peak MB$/)
    expect(lines.map((line) => line.split(/ +/).slice(0, 2))).toEqual(
      ['read', 'filter', 'embed', 'write', 'select'].map((stage) => [stage, '100']),
    )
  })

  it('says what a stage says where it fails', async () => {
    const { shards, env, temporary } = await corpus()
    const { code, stderr } = await sluice(['bench', shards, '--text-column', 'txet'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain('txet')
    expect(await readdir(temporary)).toEqual([])
  })

  it('takes more names of shards than one argument of a process can hold', async () => {
    const folder = await scratch({})
    await writeProseShards(join(folder, 'corpus'), 40, 5)
    const names = (await readdir(join(folder, 'corpus'))).map((name) => `corpus/${'./'.repeat(1900)}${name}`)
    const { code, stdout } = await sluice(['bench', ...names, '-n', '20', '--json'], { cwd: folder })
    expect(code).toBe(0)
    expect(JSON.parse(stdout).stages[0].rows).toBe(200)
  })

  it('says which stage was killed, and by what', async () => {
    const { shards, env, temporary } = await corpus()
    const killing = `if (process.argv[1].endsWith('bench-stage.js')) process.kill(process.pid, 'SIGKILL')`
    const preload = `data:text/javascript,${encodeURIComponent(killing)}`
    const { code, stderr } = await sluice(['bench', shards], { env, preload })
    expect(code).toBe(70)
    expect(stderr).toContain('The stage read was ended by SIGKILL')
    expect(await readdir(temporary)).toEqual([])
  })

  it('ends at once on Ctrl-C, its processes and files with it', async () => {
    const { shards, env, temporary } = await corpus()
    const { child, finished } = startSluice(['bench', shards], { env })
    await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()))
    child.kill('SIGINT')
    const { code, stdout } = await finished
    expect(code).toBe(130)
    expect(stdout).not.toContain('select')
    expect(await readdir(temporary)).toEqual([])
  })
})
