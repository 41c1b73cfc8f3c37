import { spawn } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockHolder, takeLock } from '../../src/run/lock.js'
import { UsageError } from '../../src/stream/errors.js'

const lockModule = fileURLToPath(new URL('../../dist/run/lock.js', import.meta.url))

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('takeLock', () => {
  it('says who holds it, and leaves nothing behind when given back', async () => {
    const unlock = await takeLock(path)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() })
    await expect(takeLock(path)).rejects.toBeInstanceOf(UsageError)
    await unlock()
    expect(await readdir(folder)).toEqual([])
  })

  it('takes over from a process that is gone, another boot, and a lock that says nothing', async () => {
    for (const stale of [
      JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), boot: '' }),
      JSON.stringify({ pid: process.pid, host: hostname(), boot: 'another' }),
      '',
    ]) {
      await writeFile(path, stale)
      const unlock = await takeLock(path)
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
      await unlock()
    }
  })

  it('takes no lock that was copied with its folder for that of the process that holds it', async () => {
    const unlock = await takeLock(path)
    // As the process that started this one would have written it.
    const holder = { ...JSON.parse(await readFile(path, 'utf8')), pid: process.ppid }
    await unlock()
    await writeFile(path, '')
    await writeFile(path, JSON.stringify({ ...holder, inode: (await stat(path)).ino }))
    await expect(takeLock(path)).rejects.toThrow(`pid ${process.ppid}`)
    const copy = join(folder, 'copied-lock')
    await copyFile(path, copy)
    expect(await lockHolder(path)).toMatchObject({ pid: process.ppid })
    expect(await lockHolder(copy)).toBeUndefined()
    await (await takeLock(copy))()
  })

  it('respects another machine, which cannot be asked', async () => {
    await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere', boot: '' }))
    await expect(takeLock(path)).rejects.toThrow('pid 1 on elsewhere')
  })

  it('is never held by two processes at once', async () => {
    const guard = join(folder, 'guard')
    const program = `
      import { open, rm } from 'node:fs/promises'
      import { lockHolder, takeLock } from ${JSON.stringify(lockModule)}
      let taken = 0
      for (const end = Date.now() + 1500; Date.now() < end; ) {
        const unlock = await takeLock(${JSON.stringify(path)}).catch(() => undefined)
        if (!unlock) continue
        taken++
        await open(${JSON.stringify(guard)}, 'wx').then((file) => file.close(), () => console.log('twice'))
        await rm(${JSON.stringify(guard)}, { force: true })
        await unlock()
      }
      console.log('taken', taken)`
    const run = () =>
      new Promise<string>((resolve) => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', program])
        let text = ''
        child.stdout.on('data', (chunk) => {
          text += chunk
        })
        child.on('close', () => resolve(text))
      })
    for (const text of await Promise.all([run(), run()])) {
      expect(text).not.toContain('twice')
      expect(Number(/taken (\d+)/.exec(text)![1])).toBeGreaterThan(3)
    }
  })
})
