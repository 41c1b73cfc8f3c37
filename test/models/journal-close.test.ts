import { readdir, readlink } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { failNth, outcome } from '../crash/failing-fs.mjs'
import { scratch } from '../formats/shards.js'

const { openJournal } = await import('../../src/models/journal.js')

/** Files below `folder` that this process holds open; none where the system does not tell. */
async function openBelow(folder: string): Promise<string[]> {
  const handles = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(folder))
}

const answer = { text: 'yes', finish: 'stop', promptTokens: 1, completionTokens: 1 } as const

describe('a journal', () => {
  it('leaves no file open where closing one of them fails', async () => {
    const folder = await scratch()
    const key = 'ab'.repeat(32)
    const before = await openJournal(folder)
    await before.append(key, answer)
    await before.close()
    for (const later of [1, 2]) {
      failNth(folder, Number.POSITIVE_INFINITY, 'EIO')
      const journal = await openJournal(folder)
      await journal.read(key)
      await journal.append(`${later}${later}`.repeat(32), answer)
      failNth(folder, later, 'EIO')
      await expect(journal.close()).rejects.toThrow(/EIO/)
      expect(outcome().failed).toMatch(/^close /)
      expect(await openBelow(folder)).toEqual([])
    }
  })
})
